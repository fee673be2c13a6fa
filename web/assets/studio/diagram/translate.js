// bpmn.io speaks English; here it is taught Chinese. Most of its parts ask `translate`; the simulation asks nobody, so what it
// writes is replaced where it appears.

import { CANVAS, PATTERNS } from '../words-diagram-canvas.js';

const english = document.documentElement.lang.startsWith('en');

function translate(template, replacements = {}) {
  const sentence = (!english && CANVAS[template]) || template;
  return sentence.replace(/\{([^}]+)\}/g, (whole, name) => replacements[name] ?? whole);
}

export const translateModule = { translate: ['value', translate] };

const ATTRIBUTES = ['title', 'placeholder', 'aria-label'];

/** Whatever bpmn.io writes into `container` from now on is turned into Chinese where we have words for it, also in texts and titles
 *  that ask no `translate`. Names that people gave to elements are drawn in SVG, which is left alone. */
export function speakChinese(container) {
  if (english) return;
  turn(container);
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === 'attributes') attributes(target);
      else if (type === 'characterData') words(target);
      else addedNodes.forEach(turn);
    }
  }).observe(container, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ATTRIBUTES });
}

function turn(node) {
  if (node.nodeType === Node.TEXT_NODE) words(node);
  if (node.nodeType !== Node.ELEMENT_NODE || node.namespaceURI !== 'http://www.w3.org/1999/xhtml') return;
  attributes(node);
  node.childNodes.forEach(turn);
}

function words(text) {
  if (text.parentElement?.closest('svg, [contenteditable]')) return;
  const written = text.data.trim();
  const said = chinese(written);
  if (said && said !== written) text.data = text.data.replace(written, () => said);
}

function attributes(element) {
  for (const name of ATTRIBUTES) {
    const said = chinese(element.getAttribute(name)?.trim() ?? '');
    if (said && said !== element.getAttribute(name)) element.setAttribute(name, said);
  }
}

function chinese(sentence) {
  if (CANVAS[sentence]) return CANVAS[sentence];
  for (const [pattern, words] of PATTERNS) {
    const found = pattern.exec(sentence);
    if (found) return words.replace('{name}', () => CANVAS[found[1]] ?? found[1]);
  }
  return undefined;
}
