// What FEEL's own functions do, for the names offered in expressions. Those that nobody needs in an office are not offered; they may be written all the same.

import { learn, say } from '../words.js';

const FUNCTIONS = {
  now: [[], '现在的日期和时间', 'the present date and time'],
  today: [[], '今天', 'today'],
  count: [['list'], '清单有几项', 'how many items a list has'],
  contains: [['text', 'part'], '文字里有没有这一段', 'whether a text holds a part'],
  'list contains': [['list', 'item'], '清单里有没有这一项', 'whether a list holds an item'],
  'starts with': [['text', 'part'], '文字是否以此开头', 'whether a text begins so'],
  'ends with': [['text', 'part'], '文字是否以此结尾', 'whether a text ends so'],
  'string length': [['text'], '文字有几个字', 'how many characters a text has'],
  substring: [['text', 'start', 'length'], '截取一段文字', 'a part of a text'],
  'upper case': [['text'], '转成大写', 'in capitals'],
  'lower case': [['text'], '转成小写', 'in small letters'],
  matches: [['text', 'pattern'], '文字是否符合式样', 'whether a text fits a pattern'],
  replace: [['text', 'pattern', 'with'], '替换文字', 'replaces in a text'],
  split: [['text', 'pattern'], '把文字拆成清单', 'parts of a text as a list'],
  'string join': [['list', 'between'], '把清单连成文字', 'a list as one text'],
  string: [['value'], '变成文字', 'as text'],
  number: [['text'], '变成数字', 'as a number'],
  date: [['text'], '变成日期', 'as a date'],
  time: [['text'], '变成时刻', 'as a time'],
  'date and time': [['date', 'time'], '日期加时刻', 'a date and a time'],
  duration: [['text'], '一段时间，如 "P3D"', 'a span of time such as "P3D"'],
  'day of week': [['date'], '星期几', 'the day of the week'],
  'month of year': [['date'], '几月', 'the month'],
  sum: [['list'], '合计', 'the sum'],
  min: [['list'], '最小的', 'the least'],
  max: [['list'], '最大的', 'the greatest'],
  mean: [['list'], '平均', 'the mean'],
  median: [['list'], '中位数', 'the median'],
  floor: [['number'], '向下取整', 'rounded down'],
  ceiling: [['number'], '向上取整', 'rounded up'],
  'round half up': [['number', 'digits'], '四舍五入', 'rounded, halves up'],
  abs: [['number'], '绝对值', 'without its sign'],
  modulo: [['number', 'by'], '余数', 'what is left of a division'],
  not: [['condition'], '不成立', 'not true'],
  all: [['list'], '全部成立', 'whether all are true'],
  any: [['list'], '有一个成立', 'whether one is true'],
  append: [['list', 'item'], '清单末尾加一项', 'a list and one more'],
  concatenate: [['list', 'list'], '把几个清单接起来', 'lists one after another'],
  union: [['list', 'list'], '合并且不重复', 'lists without doubles'],
  'distinct values': [['list'], '去掉重复的', 'without doubles'],
  flatten: [['list'], '把清单里的清单摊开', 'lists in lists as one'],
  reverse: [['list'], '倒过来', 'in reverse'],
  sublist: [['list', 'start', 'length'], '清单的一部分', 'a part of a list'],
  'index of': [['list', 'item'], '在第几个', 'where in the list'],
  'get value': [['context', 'key'], '取其中一项', 'one value of a context'],
  'get entries': [['context'], '所有的项', 'all entries of a context'],
};

learn(Object.fromEntries(Object.values(FUNCTIONS).map(([, chinese, english]) => [chinese, english])));

/** [{ kind, name, parameters, text }] in the language of the page. */
export function builtins() {
  return Object.entries(FUNCTIONS).map(([name, [parameters, chinese]]) => ({ kind: 'function', name, parameters, text: say(chinese) }));
}
