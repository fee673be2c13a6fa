// The editor of forms.

export default async function start(element) {
  element.hidden = false;
}
