// The editor of decision tables.

export default async function start(element) {
  element.hidden = false;
}
