// Two versions side by side.

export default async function start(element) {
  element.hidden = false;
}
