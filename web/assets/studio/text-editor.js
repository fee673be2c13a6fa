// The plain text of any file.

export default async function start(element) {
  element.hidden = false;
}
