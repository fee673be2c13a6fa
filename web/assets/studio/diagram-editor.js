// The diagram editor.

export default async function start(element) {
  element.hidden = false;
}
