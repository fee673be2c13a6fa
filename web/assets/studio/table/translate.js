// dmn-js asks this service for each of its words. "Any" is two things: a kind of data and a hit policy; the menu of kinds gets its own.

import { TABLE_WORDS } from '../words-table.js';

const english = document.documentElement.lang.startsWith('en');
/** What was asked for and is not in the dictionary; a test looks here. */
export const missing = new Set();

function translate(template, replacements = {}) {
  const words = english ? template : (TABLE_WORDS[template] ?? template);
  if (!english && words === template && /[A-Za-z]{2}/.test(template)) missing.add(template);
  return words.replace(/\{ ?(\w+) ?\}/g, (whole, name) => replacements[name] ?? whole);
}

export const translateModule = { translate: ['value', translate] };
