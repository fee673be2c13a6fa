// dmn-js asks this service for each of its words, all but the few tooltips it writes out: those are caught where inferno makes elements.

import { options } from 'inferno';

import { TABLE_WORDS } from '../words-table.js';

const WRITTEN_OUT = { 'Remove item': '移除', 'Powered by bpmn.io': '由 bpmn.io 提供' };
const english = document.documentElement.lang.startsWith('en');
/** What was asked for and is not in the dictionary; a test looks here. */
export const missing = new Set();

function translate(template, replacements = {}) {
  const words = english ? template : (TABLE_WORDS[template] ?? template);
  if (!english && words === template && /[A-Za-z]{2}/.test(template)) missing.add(template);
  return words.replace(/\{ ?(\w+) ?\}/g, (whole, name) => replacements[name] ?? whole);
}

export const translateModule = { translate: ['value', translate] };

const before = options.createVNode;
options.createVNode = (node) => {
  const title = node.props?.title;
  if (typeof node.type === 'string' && Object.hasOwn(WRITTEN_OUT, title) && !english) node.props = { ...node.props, title: WRITTEN_OUT[title] };
  before?.(node);
};
