// FEEL as Zhiping reads it, the same on the server and in the browser: feelin, strict where a guess would misjudge.

import {
  FeelDate, FeelDateTime, FeelDuration, FeelFunction, FeelRange, FeelTime,
  Interpreter, InterpreterContext, builtins, getType, hooks, isZoned, parseDate, parseDateTime, parseTime, duration,
} from 'feelin';

import { mentioned, writtenKeys } from './mentioned.js';

const COMPILED = 400; // expressions kept; the oldest goes first
const MAX_DEPTH = 100; // of results
const MAX_RESULT = 2_000_000; // characters of a result as JSON
const MAX_NUMBER = 1e30; // floats are not exact long before; whatever is larger (9**9**9, infinity, not a number) is a mistake
const MAX_ROUNDS = 50_000; // of all loops of one evaluation, and calls of functions: a tenth of a second
const SCALARS = new Set(['string', 'number', 'boolean', 'date', 'time', 'date time', 'duration']);
// names that people write by habit; in FEEL they are variables nobody has set, and silently null
const NOT_FEEL = /^(True|TRUE|False|FALSE|None|NONE|Null|NULL|nil|undefined|P(T?\d+[YMWDHS])+)$/;

/** Something the expression must not do. `code` is one of feel.py's; `facts` name what was met. */
export class Misjudged extends Error {
  constructor(code, facts) {
    super(code);
    this.code = code;
    this.facts = facts;
  }
}

/** Stands for an answer of one of our functions that is not known yet: what is reckoned with it is thrown away. */
class Pending {}
const PENDING = new Pending();

// strictness ///////////////////////////////////////////////////////

const alone = (value) => (Array.isArray(value) && value.length === 1 ? value[0] : value);

function refuse(a, b, why) {
  throw new Misjudged('COMPARED', { left: shown(a), right: shown(b), leftType: getType(a), rightType: getType(b), why });
}

function sameKind(a, b) {
  if (a === PENDING || b === PENDING) return;
  const left = getType(a);
  const right = getType(b);
  if (left === 'nil' || right === 'nil') return;
  if (left !== right) refuse(a, b, 'types');
  if ((left === 'date time' || left === 'time') && isZoned(a) !== isZoned(b)) refuse(a, b, 'offset');
  if (left === 'duration' && a.yearsMonths !== b.yearsMonths) refuse(a, b, 'durations');
  hooks.number(a);
  hooks.number(b);
}

hooks.compare = (a, b) => {
  if ((Array.isArray(a) && a.length === 0) || (Array.isArray(b) && b.length === 0)) return;
  sameKind(alone(a), alone(b));
};

hooks.order = (a, b) => {
  if (a instanceof FeelRange || b instanceof FeelRange) return;
  sameKind(a, b);
  const type = getType(a);
  if (type !== 'nil' && getType(b) !== 'nil' && !SCALARS.has(type)) refuse(a, b, 'types');
};

hooks.number = (value) => {
  if (typeof value === 'number' && !(Math.abs(value) <= MAX_NUMBER)) throw new Misjudged('NUMBER', {});
  return value;
};

let rounds = 0;
hooks.round = () => {
  rounds += 1;
  if (rounds > MAX_ROUNDS) throw new Misjudged('LIMIT', {});
};

// while an answer is missing, a loop goes on, to learn at once which other answers it will need
hooks.truth = (value, meanwhile = null) => {
  if (value === PENDING) return meanwhile;
  if (value !== null && value !== undefined && typeof value !== 'boolean') throw new Misjudged('TRUTH', { value: shown(value) });
  return value;
};

hooks.arguments = (values) => {
  const given = values.flat(1);
  if (values.length && given.every((value) => value !== null && value !== undefined)) {
    throw new Misjudged('ARGUMENTS', { values: values.map(shown).join(', ') });
  }
};

// compiling ////////////////////////////////////////////////////////

const compiled = new Map();

/** Parse once: {run(context), context of warnings, names compared with null}. Raises Misjudged('SYNTAX'). */
function compile(kind, expression, names) {
  const odd = names.filter((name) => /[^\p{L}\p{N}_]/u.test(name));
  const key = `${kind}\n${odd.join('\n')}\n${expression}`;
  let entry = compiled.get(key);
  if (entry === undefined) {
    const warnings = new InterpreterContext();
    const scope = Object.fromEntries(odd.map((name) => [name, null]));
    let built;
    try {
      const interpreter = new Interpreter();
      built = kind === 'unary'
        ? interpreter.unaryTest(expression, scope, undefined, warnings)
        : interpreter.evaluate(expression, scope, undefined, warnings);
    } catch (error) {
      if (error?.position) throw new Misjudged('SYNTAX', { at: error.position.from, reason: error.message });
      throw error;
    }
    entry = { root: built.root, warnings, optional: comparedWithNull(built.parseTree, expression), tree: built.parseTree };
    if (compiled.size >= COMPILED) compiled.delete(compiled.keys().next().value);
    compiled.set(key, entry);
  }
  return entry;
}

/** The names that the expression itself expects to be missing: `x = null`, `null != a.b`. */
function comparedWithNull(tree, source) {
  const names = new Set();
  tree.iterate({
    enter(ref) {
      if (ref.name !== 'Comparison') return;
      const children = [];
      for (let child = ref.node.firstChild; child; child = child.nextSibling) children.push(child);
      const [left, operator, right] = children;
      if (operator?.name !== 'CompareOp' || !right) return;
      for (const [one, other] of [[left, right], [right, left]]) {
        if (source.slice(one.from, one.to) === 'null') names.add(source.slice(other.from, other.to));
      }
    },
  });
  return names;
}

// evaluating ///////////////////////////////////////////////////////

/** now: ISO text with an offset. Returns the functions every expression has. */
function clockFunctions(now) {
  let at, day; // read only where asked for: reading a date costs more than most conditions
  return {
    now: new FeelFunction(() => (at ??= parseDateTime(now)), []),
    today: new FeelFunction(() => (day ??= parseDate(now.slice(0, 10))), []),
  };
}

/** Our own functions: a call whose answer is not there yet is noted in `asked`. */
function askingFunctions(declared, answers, asked, read) {
  const made = {};
  for (const [name, parameters] of Object.entries(declared)) {
    made[name] = new FeelFunction((...args) => {
      const given = [...args];
      while (given.length && given[given.length - 1] === undefined) given.pop();
      if (holdsPending(given)) return PENDING;
      const call = JSON.stringify([name, given.map((value) => plain(value, 0))]);
      if (Object.hasOwn(answers, call)) {
        const value = revive(answers[call]);
        read[`${name}(${given.map(shown).join(', ')})`] = value;
        return value;
      }
      if (!asked.includes(call)) asked.push(call);
      return PENDING;
    }, parameters);
  }
  return made;
}

function holdsPending(value) {
  if (value === PENDING) return true;
  if (Array.isArray(value)) return value.some(holdsPending);
  return getType(value) === 'context' && Object.values(value).some(holdsPending);
}

/**
 * request: {kind, expression, variables, now, functions: {name: [parameter]}, answers}; kind is one of
 *   value, typed (temporals keep their kind: {"@date": iso}), condition, check, check-unary,
 *   names, names-unary (what it mentions: {read: [[name, next name or null, inside a filter]], called: [function]}),
 *   keys (of a context written out), or
 *   cells: expression is a list of tests and `values` as long a list; true when every value passes its test.
 * Returns {value} or {asked} or {error: {code, …facts}}, and {read} for a condition; all of it JSON.
 */
export function feel(request) {
  const asked = [];
  const read = {};
  rounds = 0;
  try {
    const variables = request.typed ? revive(request.variables) : request.variables ?? {};
    const names = Object.keys(variables);
    if (request.kind === 'check' || request.kind === 'check-unary') {
      compile(request.kind === 'check' ? 'expression' : 'unary', request.expression, names);
      return { value: null };
    }
    if (request.kind === 'names' || request.kind === 'names-unary') {
      const entry = compile(request.kind === 'names' ? 'expression' : 'unary', request.expression, names);
      return { value: mentioned(entry.tree.topNode, request.expression) };
    }
    if (request.kind === 'keys') {
      return { value: writtenKeys(compile('expression', request.expression, names).tree.topNode, request.expression) };
    }
    const functions = askingFunctions(request.functions ?? {}, request.answers ?? {}, asked, read);
    const context = Object.assign(Object.create(Object.prototype), variables, functions, clockFunctions(request.now));
    if (request.kind === 'cells') {
      const value = passes(request, names, context, asked);
      return asked.length ? { asked } : { value };
    }
    const entry = compile('expression', request.expression, names);
    entry.warnings.warnings.length = 0;
    const condition = request.kind === 'condition';
    if (condition) hooks.read = (name, value) => { read[name] = value; };
    const value = entry.root(context);
    if (asked.length) return { asked };
    judgeWarnings(entry, condition);
    if (!condition) return { value: plain(value, 0, request.kind === 'typed') };
    if (typeof value !== 'boolean') throw new Misjudged('NEITHER', { value: shown(value), read: readable(read) });
    return { value, read: readable(read) };
  } catch (error) {
    if (asked.length) return { asked };
    if (error instanceof Misjudged) return { error: { code: error.code, ...error.facts, read: readable(read) } };
    // Time, memory or stack: the host decides. Where not even the error found room, quickjs throws null.
    if (error === null || error.name === 'InternalError' || error instanceof RangeError) throw error;
    return { error: { code: 'FAILED', reason: String(error?.message ?? error), read: readable(read) } };
  } finally {
    hooks.read = (_name, value) => value;
  }
}

/** One rule of a decision table: true when every value passes its cell. Stops at the first that does not. */
function passes(request, names, context, asked) {
  const values = request.typed ? revive(request.values) : request.values;
  for (const [index, test] of request.expression.entries()) {
    const entry = compile('unary', test, names);
    entry.warnings.warnings.length = 0;
    context['?'] = values[index] ?? null;
    try {
      const passed = entry.root(context)(context['?']);
      if (asked.length) return false;
      judgeWarnings(entry, true);
      if (typeof passed !== 'boolean') throw new Misjudged('NEITHER', { value: shown(passed) });
      if (!passed) return false;
    } catch (error) {
      if (error instanceof Misjudged) error.facts = { ...error.facts, cell: index };
      throw error;
    }
  }
  return true;
}

function judgeWarnings(entry, strictNames) {
  // a function that does not exist is reported as a name first; say what it is
  const graver = ({ type }) => (type.includes('FUNCTION') ? 0 : 1);
  for (const { type, details, position, message } of entry.warnings.warnings.sort((a, b) => graver(a) - graver(b))) {
    const values = Object.values(details.values ?? {}).flat(1);
    const known = values.every((value) => value !== null && value !== undefined);
    if (type === 'NO_VARIABLE_FOUND' || type === 'NO_CONTEXT_ENTRY_FOUND' || type === 'NO_PROPERTY_FOUND') {
      const name = /'(.*?)'/s.exec(details.template)?.[1] ?? message;
      const expected = [...entry.optional].some((path) => path.split('.').includes(name));
      if (NOT_FEEL.test(name) || (strictNames && !expected)) throw new Misjudged('NAME', { name, at: position.from });
    } else if (type === 'NO_FUNCTION_FOUND' || type === 'FUNCTION_INVOCATION_FAILURE' || type === 'UNSUPPORTED') {
      throw new Misjudged('FUNCTION', { at: position.from, reason: message });
    } else if (known) {
      throw new Misjudged('ARGUMENTS', { at: position.from, values: values.map(shown).join(', ') });
    }
  }
}

// values ///////////////////////////////////////////////////////////

const TEMPORAL = new Map([
  [FeelDate, ['date', parseDate]],
  [FeelTime, ['time', parseTime]],
  [FeelDateTime, ['date and time', parseDateTime]],
  [FeelDuration, ['duration', duration]],
]);

/** A result as JSON: temporals become ISO text; what cannot be kept is refused. */
function plain(value, depth, typed = false) {
  if (depth > MAX_DEPTH) throw new Misjudged('RESULT', { reason: 'depth' });
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      if (value.length > MAX_RESULT) throw new Misjudged('RESULT', { reason: 'size' });
      return value;
    case 'number':
      return hooks.number(value);
    default:
  }
  const temporal = TEMPORAL.get(value.constructor);
  if (temporal) return typed ? { [`@${temporal[0]}`]: value.toString() } : value.toString();
  if (Array.isArray(value)) return value.map((one) => plain(one, depth + 1, typed));
  if (getType(value) === 'context') {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one, depth + 1, typed)]));
  }
  throw new Misjudged('RESULT', { reason: getType(value) });
}

/** {"@date": iso}, {"@date and time": iso}, … become FEEL's own values, at any depth. */
function revive(value) {
  if (Array.isArray(value)) return value.map(revive);
  if (value !== null && typeof value === 'object') {
    for (const [name, read] of TEMPORAL.values()) {
      const text = value[`@${name}`];
      if (typeof text === 'string') return read(text) ?? unreadable(text);
    }
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, revive(one)]));
  }
  return value;
}

function unreadable(text) {
  throw new Misjudged('ARGUMENTS', { values: text });
}

/** A value in a sentence: short, text in quotes. */
function shown(value) {
  const type = getType(value);
  let text;
  if (type === 'string') text = JSON.stringify(value);
  else if (type === 'list' || type === 'context') text = JSON.stringify(value, (_key, one) => (one instanceof FeelFunction ? 'function' : one));
  else if (type === 'function') text = `function(${value.parameterNames ?? ''})`;
  else text = String(value ?? 'null');
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** What a condition read, for history: small JSON values by name; a whole object gives way to the paths taken in it. */
function readable(read) {
  const names = Object.keys(read);
  const kept = {};
  for (const name of names) {
    const value = read[name];
    const type = getType(value);
    if (value === PENDING || type === 'function' || type === 'range') continue;
    if (type === 'context' && names.some((other) => other.startsWith(`${name}.`))) continue;
    kept[name] = type === 'list' || type === 'context' || type === 'string' ? shortened(value) : plain(value, 0);
  }
  return kept;
}

function shortened(value) {
  if (typeof value === 'string') return value.length > 200 ? `${value.slice(0, 200)}…` : value;
  const text = JSON.stringify(value);
  return text.length > 400 ? shown(value) : JSON.parse(text);
}

/** Names of the built-in functions, for messages and editors. */
export const builtinNames = Object.keys(builtins).sort();
