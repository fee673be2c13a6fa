// From text to drawing and back. A drawing in which nothing was changed gives back the very text it was made from; an edited one keeps
// what bpmn-js does not know: foreign extensions stay where they were, and so do comments, which bpmn-js itself would drop.

const BPMN = 'http://www.omg.org/spec/BPMN/20100524/MODEL';
const OURS = new Set([
  BPMN,
  'http://www.omg.org/spec/BPMN/20100524/DI',
  'http://www.omg.org/spec/DD/20100524/DC',
  'http://www.omg.org/spec/DD/20100524/DI',
  'http://camunda.org/schema/1.0/bpmn',
  'http://www.w3.org/2001/XMLSchema-instance',
  'http://bpmn.io/schema/bpmn/biocolor/1.0',
  'http://www.omg.org/spec/BPMN/non-normative/color/1.0',
  'http://www.w3.org/2000/xmlns/',
  'http://www.w3.org/XML/1998/namespace',
]);

const DECLARED = /^(\s*<\?xml[^>]*?)\s+encoding=("[^"]*"|'[^']*')/;

export class DiagramFile {
  constructor(modeler) {
    this.modeler = modeler;
    this.text = '';
    this.arranged = false; // the text held no layout; what is drawn was put in order by us
    this.foreign = []; // prefixes of extensions that we keep and do not use
    this.warnings = []; // what bpmn-js could not make sense of
    this.broken = null; // why the text could not be drawn at all
  }

  /** Draw `text`. What is no diagram leaves an empty drawing: `broken` says why, and `read` gives the text. */
  async show(given) {
    const text = withOneExtension(given);
    this.text = text;
    this.broken = null;
    this.arranged = !/<([\w-]+:)?BPMN(Shape|Edge)[\s>]/.test(text);
    this.foreign = foreignIn(text);
    try {
      const { warnings } = await this.modeler.importXML(withoutEncoding(this.arranged ? await withLayout(text) : text));
      this.warnings = warnings;
      this.clean = this._at();
    } catch (error) {
      this.broken = error;
      this.warnings = [];
      this.modeler.clear();
    }
  }

  /** Whether anything was changed since `show`; what was changed and undone was not. */
  get changed() {
    return !this.broken && this._at() !== this.clean;
  }

  async read() {
    if (!this.changed) return this.text;
    const { xml } = await this.modeler.saveXML({ format: true });
    return withComments(this.text, withReturns(xml));
  }

  _at() {
    const stack = this.modeler.get('commandStack', false);
    if (!stack) return null; // a viewer: nobody changes anything
    return stack._stack[stack._stackIdx] ?? null; // the very command that was done last
  }
}

/** What is in a string is read already: of the encoding that it declares bpmn-js would only warn. */
function withoutEncoding(text) {
  return text.replace(DECLARED, '$1');
}

/** The text of a file that somebody chose, read by the encoding it declares; it is UTF-8 from here on and says so. Raises RangeError, TypeError where it lies. */
export function textOf(bytes) {
  const begin = new TextDecoder('latin1').decode(bytes.slice(0, 200));
  const wide = /^(\xff\xfe|\xfe\xff)/.exec(begin);
  const named = DECLARED.exec(begin)?.[2].slice(1, -1) ?? 'utf-8';
  const text = new TextDecoder(wide ? (begin.startsWith('\xff') ? 'utf-16le' : 'utf-16be') : named, { fatal: true }).decode(bytes);
  return /^utf-?8$/i.test(named) && !wide ? text : text.replace(DECLARED, '$1 encoding="UTF-8"');
}

/** A carriage return in a name or text is one only when written as a reference; in a CDATA section there are none. */
function withReturns(xml) {
  return xml.split(/(<!\[CDATA\[[^]*?\]\]>)/).map((part, n) => (n % 2 ? part : part.replaceAll('\r', '&#13;'))).join('');
}

function parsed(text) {
  const read = new DOMParser().parseFromString(text, 'application/xml');
  return read.querySelector('parsererror') ? null : read;
}

/** Prefixes (or addresses) of the name spaces of a text that are neither BPMN nor ours. */
export function foreignIn(text) {
  const read = parsed(text);
  const found = new Set();
  for (const node of read?.getElementsByTagName('*') ?? []) {
    for (const { namespaceURI: space, prefix, name } of [node, ...node.attributes]) {
      if (space && !OURS.has(space) && name !== 'xmlns' && prefix !== 'xmlns') found.add(prefix || space);
    }
  }
  return [...found].sort();
}

/** bpmn-js reads the last `extensionElements` of an element alone; a file with several gives their contents to the first. */
function withOneExtension(text) {
  const read = (text.match(/<([\w-]+:)?extensionElements[\s>]/g) ?? []).length > 1 && parsed(text);
  const more = [...(read ? read.getElementsByTagNameNS(BPMN, 'extensionElements') : [])].filter((one) => firstBeside(one) !== one);
  if (!more.length) return text;
  for (const one of more) {
    firstBeside(one).append(...one.childNodes);
    one.remove();
  }
  return (/^<\?xml[^>]*\?>\s*/.exec(text)?.[0] ?? '') + new XMLSerializer().serializeToString(read.documentElement);
}

function firstBeside(node) {
  return [...node.parentElement.children].find((one) => one.localName === node.localName && one.namespaceURI === BPMN);
}

/** The text with places for everything, for a file that came without. */
async function withLayout(text) {
  const { layoutProcess } = await import('bpmn-auto-layout');
  return layoutProcess(withEnds(text));
}

/** The layout follows `incoming` and `outgoing`; BPMN lets a file leave them out, for the flows say it already. */
function withEnds(text) {
  const file = parsed(text);
  if (!file) return text;
  const byId = new Map([...file.getElementsByTagName('*')].map((node) => [node.getAttribute('id'), node]));
  for (const flow of file.getElementsByTagNameNS(BPMN, 'sequenceFlow')) {
    for (const [end, side] of [['sourceRef', 'outgoing'], ['targetRef', 'incoming']]) {
      const node = byId.get(flow.getAttribute(end));
      if (!node || [...node.children].some((one) => one.localName === side && one.textContent.trim() === flow.getAttribute('id'))) continue;
      const named = file.createElementNS(BPMN, flow.prefix ? `${flow.prefix}:${side}` : side);
      named.textContent = flow.getAttribute('id');
      const first = [...node.children].find((one) => !['documentation', 'extensionElements', 'incoming'].includes(one.localName));
      node.insertBefore(named, first ?? null); // the order of the standard: behind these, before everything of the step's own
    }
  }
  return new XMLSerializer().serializeToString(file);
}

// comments /////////////////////////////////////////////////////////

/** `saved` with the comments of `original`, each in the element (by its id) and before the brother that it stood before. */
export function withComments(original, saved) {
  if (!original.includes('<!--')) return saved;
  const [before, after] = [parsed(original), parsed(saved)];
  if (!before || !after) return saved;
  const byId = new Map([...after.querySelectorAll('[id]')].map((node) => [node.id, node]));
  const walker = before.createTreeWalker(before, NodeFilter.SHOW_COMMENT);
  const [above, below] = [[], []]; // beside the root there is no place for the white space between them
  while (walker.nextNode()) {
    const comment = walker.currentNode;
    if (!comment.parentElement) {
      (nextElement(comment) ? above : below).push(`<!--${comment.data}-->\n`);
      continue;
    }
    const parent = byId.get(comment.parentElement.id);
    if (!parent) continue; // what it spoke of is gone, or nobody can say where it is
    const brother = nextElement(comment);
    const anchor = (brother && [...parent.children].find((one) => (brother.id ? one.id === brother.id : one.localName === brother.localName))) ?? null;
    const copy = after.createComment(comment.data);
    parent.insertBefore(copy, anchor);
    const space = copy.previousSibling?.nodeType === Node.TEXT_NODE ? copy.previousSibling.data : '\n';
    parent.insertBefore(after.createTextNode(space), anchor);
  }
  const head = /^<\?xml[^>]*\?>\s*/.exec(saved)?.[0] ?? '';
  const root = new XMLSerializer().serializeToString(after.documentElement);
  return `${head}${above.join('')}${root}\n${below.join('')}`;
}

function nextElement(node) {
  let next = node.nextSibling;
  while (next && next.nodeType !== Node.ELEMENT_NODE) next = next.nextSibling;
  return next;
}
