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

/** What dmn-js wrote, put as `before` was: cells on one line, the same line ends. */
export function tidied(xml, before) {
  const oneLine = xml
    .replace(/(<(\w+:)?(inputEntry|outputEntry|inputExpression|inputValues|outputValues|literalExpression)\b[^>]*>)\s*(<(\w+:)?text>[^<]*<\/(\w+:)?text>)\s*(<\/\2?\3>)/g, '$1$4$7')
    .replace(/ *\/>/g, '/>');
  const lines = oneLine.endsWith('\n') ? oneLine : `${oneLine}\n`;
  return before.includes('\r\n') ? lines.replaceAll('\n', '\r\n') : lines;
}
