// The text of a decision file around dmn-js: what it does not read is said in the form it knows, what it writes is put as our files
// are, a cell to a line, so that a small change makes a small difference.

const DMN13 = 'https://www.omg.org/spec/DMN/20191111/MODEL/';
const SISTERS = [
  'http://www.omg.org/spec/DMN/20180521/MODEL/', // 1.2
  'https://www.omg.org/spec/DMN/20211108/MODEL/', // 1.4
  'https://www.omg.org/spec/DMN/20230324/MODEL/', // 1.5
];

/** DMN 1.2, 1.4 and 1.5 write a decision table as 1.3 does; dmn-js reads 1.3 only. */
export function dmn13(text) {
  return SISTERS.reduce((now, sister) => now.replaceAll(`"${sister}"`, `"${DMN13}"`), text);
}

const CELLS = 'inputEntry|outputEntry|defaultOutputEntry|inputExpression|inputValues|outputValues|literalExpression';
const CELL = new RegExp(`(<(?:\\w+:)?(${CELLS})\\b[^>]*>)\\s*(<(?:\\w+:)?text>[^<]*</(?:\\w+:)?text>)\\s*(</(?:\\w+:)?\\2>)`, 'g');

/** What dmn-js wrote, put as `before` was: cells on one line unless that kind stood on several there, a hit policy that is the standard's
 * own said where it was said, the same line ends. */
export function tidied(xml, before) {
  const several = new Set([...before.matchAll(CELL)].filter(([whole]) => whole.includes('\n')).map(([, , kind]) => kind));
  const said = new Set([...before.matchAll(/<(?:\w+:)?decisionTable\b[^>]*>/g)].filter(([tag]) => tag.includes('hitPolicy="UNIQUE"')).map(([tag]) => idIn(tag)));
  const put = xml
    .replace(CELL, (whole, begin, kind, text, end) => (several.has(kind) ? whole : begin + text + end))
    .replace(/<(?:\w+:)?decisionTable\b[^>]*>/g, (tag) => (said.has(idIn(tag)) && !tag.includes('hitPolicy=') ? tag.replace(/>$/, ' hitPolicy="UNIQUE">') : tag))
    .replace(/ *\/>/g, '/>');
  const lines = put.endsWith('\n') ? put : `${put}\n`;
  return before.includes('\r\n') ? lines.replaceAll('\n', '\r\n') : lines;
}

const idIn = (tag) => /\bid="([^"]*)"/.exec(tag)?.[1];
