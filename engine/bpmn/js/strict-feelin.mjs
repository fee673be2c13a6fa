// esbuild plugin: feelin with open doors.
//
// feelin is a faithful FEEL interpreter, and FEEL answers null or false where a judgement about people must not be guessed:
// "2026-06-01" < today() is false, "10" > 5 is true, a misspelled name is null. The interpreter offers no hook for
// that, so the pinned file is opened at the few places where values meet. Every edit must match exactly as often as stated,
// or the build fails: a new version of feelin cannot slip through unread.

import fs from 'node:fs/promises';

const EDITS = [
  // = and != as operators, also inside decision table cells
  [1, `case '=': return (b) => (a) => equals(a, b);`, `case '=': return (b) => (a) => (hooks.compare(a, b), equals(a, b));`],
  [1, `const result = equals(a, b);
                    return result === null ? null : !result;`, `hooks.compare(a, b); const result = equals(a, b);
                    return result === null ? null : !result;`],
  // <, <=, >, >=, between, intervals, before(), after() … all order values here
  [1, `function cmp(a, b) {`, `function cmp(a, b) { hooks.order(a, b);`],
  [1, `    // \`date\`, \`time\` and \`date and time\` are distinct FEEL types; a probe`,
    `    hooks.order(value, range.start ?? range.end);
    // \`date\`, \`time\` and \`date and time\` are distinct FEEL types; a probe`],
  // plain values in "in" and in decision table cells
  [1, `        return test.includes(value);
    }
    return equals(test, value);`, `        return test.includes(value);
    }
    hooks.compare(test, value); return equals(test, value);`],
  [1, `if (isArray(test)) {
                            return test.includes(value);`, `if (isArray(test)) {
                            return test.some(one => compareValue(one, value) === true);`],
  // list contains(), index of() …: by FEEL's equality, so that dates are found
  [1, `function matches(a, b) {
    return a === b;`, `function matches(a, b) {
    hooks.compare(a, b); return equals(a, b) === true;`],
  // numbers that are none (9**9**9)
  [1, `return op(left, right);`, `return hooks.number(op(left, right));`],
  // conditions that are neither true nor false
  [1, `if (isTruthy(ifCondition(context))) {`, `if (isTruthy(hooks.truth(ifCondition(context)))) {`],
  [1, `contexts.every(ctx => isTruthy(_condition(ctx)))`, `contexts.every(ctx => isTruthy(hooks.truth(_condition(ctx), true)))`],
  [1, `contexts.some(ctx => isTruthy(_condition(ctx)))`, `contexts.some(ctx => isTruthy(hooks.truth(_condition(ctx), false)))`],
  // built-in functions given a value of the wrong kind
  [1, `if (!convertedArgs) {
            return null;`, `if (!convertedArgs) {
            hooks.arguments(args);
            return null;`],
  [1, `tester(arg) !== FALSE)) {
            return null;`, `tester(arg) !== FALSE)) {
            hooks.arguments(args);
            return null;`],
  // Every round of a loop and every call of a function is counted, so that what never ends is ended by an error of ours. The
  // host's time limit comes second: quickjs does not always clean up what it interrupts.
  [1, `    for (let i = start;; i += direction) {`, `    for (let i = start;; i += direction) { hooks.round();`],
  [1, `                    for (const bContext of bContexts) {`, `                    for (const bContext of bContexts) { hooks.round();`],
  [1, `            for (const ctx of iterationContexts) {`, `            for (const ctx of iterationContexts) { hooks.round();`],
  [1, `                return fnBody(fnContext);`, `                hooks.round(); return fnBody(fnContext);`],
  // Names of types and text literals are worked out in every round of a loop. quickjs can corrupt its heap when a time limit
  // strikes inside a regular expression's replacement, and a corrupt heap kills the process when it is freed: once is enough.
  [1, `    return name.replace(/\\s+/g, ' ').trim();`, `    return once(typeNames, name, () => name.replace(/\\s+/g, ' ').trim());`],
  [1, `            const value = parseString(node.input);`, `            const value = once(texts, node.input, () => parseString(node.input));`],
  // what was read
  [1, `                const contextValue = getFromContext(name, context);
                if (typeof contextValue !== 'undefined') {
                    return contextValue;
                }
                if (builtin) {`, `                const contextValue = getFromContext(name, context);
                if (typeof contextValue !== 'undefined') {
                    hooks.read(name, contextValue);
                    return contextValue;
                }
                if (builtin) {`],
  [1, `            else {
                return pathProp(pathTarget);
            }
        }, 'any');`, `            else {
                const found = pathProp(pathTarget);
                hooks.read(node.input, found);
                return found;
            }
        }, 'any');`],
];

const HEAD = `const nothing = (value) => value;
export const hooks = { compare: nothing, order: nothing, number: nothing, truth: nothing, arguments: nothing, read: nothing, round: nothing };
const typeNames = new Map(), texts = new Map();
function once(known, key, make) {
  if (!known.has(key)) {
    if (known.size > 500) known.clear();
    known.set(key, make());
  }
  return known.get(key);
}
`;
const TAIL = `
export { Interpreter, InterpreterContext, builtins, getType, isZoned, isDuration };
`;

export const strictFeelin = {
  name: 'strict-feelin',
  setup(build) {
    // form-js brings an older one of its own (@bpmn-io/feelin), which only helps to write expressions: it stays as it is
    build.onLoad({ filter: /[\\/]node_modules[\\/]feelin[\\/]dist[\\/]index\.js$/ }, async ({ path }) => {
      let source = await fs.readFile(path, 'utf8');
      for (const [times, from, to] of EDITS) {
        const parts = source.split(from);
        if (parts.length !== times + 1) {
          throw new Error(`feelin has changed: found ${parts.length - 1} instead of ${times} times:\n${from}`);
        }
        source = parts.join(to);
      }
      return { contents: HEAD + source.replace(/^\/\/# sourceMappingURL.*$/m, '') + TAIL, loader: 'js' };
    });
  },
};
