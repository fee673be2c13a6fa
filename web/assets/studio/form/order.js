// A form as text, so that a small change makes a small difference: what was not changed stays as it was written, to the order of its
// keys; what is new comes in a fixed order. Opening a form fills in what the editor expects; that is taken out again.

const FIRST = ['type', 'id', 'key', 'path', 'title', 'label', 'dateLabel', 'timeLabel', 'text', 'description', 'subtype', 'validate', 'conditional', 'properties', 'values', 'components'];
const CANVAS = ['layout', '_parent', '_path']; // of the editor alone: our forms know no columns of a canvas

/** The text of `schema`, which the editor holds. `before`: the text it was opened with; `opened`: what the editor made of that. */
export function written(schema, before, opened) {
  const old = parsed(before);
  const known = new Map();
  pair(old, opened, known);
  const form = changed(schema, old, opened, known);
  const indent = /\n( +)"/.exec(before)?.[1].length ?? 2;
  return `${JSON.stringify(form, null, indent)}\n`;
}

/** The JSON object in a text; an empty one where there is none yet. Raises SyntaxError for a text that is something else. */
export function parsed(text) {
  if (!text.trim()) return {};
  const found = JSON.parse(text);
  if (!found || typeof found !== 'object' || Array.isArray(found)) throw new SyntaxError('not an object');
  return found;
}

/** Which component of the file became which of the editor: they stand in the same places. */
function pair(old, opened, known) {
  (opened.components ?? []).forEach((one, at) => {
    const from = old.components?.[at];
    if (!from) return;
    known.set(one.id, { from, opened: one });
    pair(from, one, known);
  });
}

function changed(now, old, opened, known) {
  const made = {};
  for (const [name, value] of Object.entries(now)) {
    if (name === 'components') made.components = value.map((one) => component(one, known));
    else if (CANVAS.includes(name)) { if (old[name] !== undefined) made[name] = old[name]; }
    else if (same(value, opened[name])) { if (old[name] !== undefined) made[name] = old[name]; }
    else made[name] = plain(value) ? changed(value, old[name] ?? {}, opened[name] ?? {}, known) : value;
  }
  return arranged(made, old);
}

function component(now, known) {
  const { from = {}, opened = {} } = known.get(now.id) ?? {};
  const made = changed(now, from, opened, known);
  for (const name of ['validate', 'properties', 'conditional']) {
    if (plain(made[name]) && from[name] === undefined && Object.keys(made[name]).length === 0) delete made[name];
  }
  return made;
}

/** The keys of `now` in the order of `old`; those it did not have behind them, in the order of FIRST, then by name. */
function arranged(now, old) {
  const rank = (name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  const kept = Object.keys(old).filter((name) => now[name] !== undefined);
  const fresh = Object.keys(now).filter((name) => now[name] !== undefined && !Object.hasOwn(old, name));
  fresh.sort((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1));
  return Object.fromEntries([...kept, ...fresh].map((name) => [name, now[name]]));
}

const plain = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const same = (one, other) => one === other || (other !== undefined && JSON.stringify(one) === JSON.stringify(other));
