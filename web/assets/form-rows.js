// Rows of a list, added and removed on the spot. Names, ids and references carry the row's number and are renumbered.

import { rowsOf } from './form-values.js';
import { say } from './words.js';

const NUMBERED = ['name', 'value', 'id', 'for', 'list', 'aria-describedby', 'aria-labelledby', 'data-path', 'data-row', 'data-list'];

export function rows(form) {
  const voice = document.createElement('p');
  voice.className = 'visually-hidden';
  voice.setAttribute('aria-live', 'polite');
  form.append(voice);

  form.addEventListener('click', (event) => {
    const button = event.target.closest('button[name="_add"], button[name="_remove"]');
    if (!button) return;
    const list = button.closest('[data-list]');
    const done = button.name === '_add' ? add(list) : remove(button.closest('[data-row]'), list);
    if (!done) return;
    event.preventDefault();
    const left = rowsOf(list).length;
    voice.textContent = done.row ? say('已添加第 {n} 项', { n: left }) : say('已移除，还有 {n} 项', { n: left });
    done.focus?.focus();
    form.dispatchEvent(new CustomEvent('zp:rows', { detail: { row: done.row } }));
    form.dispatchEvent(new CustomEvent('zp:changed'));
  });
}

function add(list) {
  const template = list.querySelector(':scope > template[data-row-template]');
  if (!template) return null;
  const most = Number(list.dataset.max || 500);
  const index = rowsOf(list).length;
  if (index >= most) return null; // the server says what is the matter
  const row = template.content.firstElementChild.cloneNode(true);
  const depth = depthOf(list);
  replaceNumber(row, `__${depth}__`, index);
  list.querySelector(':scope > [data-rows]').append(row);
  return { row, focus: row.querySelector('input:not([type="hidden"]), select, textarea') };
}

function remove(row, list) {
  if (!row || !list) return null;
  const all = rowsOf(list);
  const index = all.indexOf(row);
  row.remove();
  all.splice(index, 1);
  all.forEach((one, at) => {
    if (at >= index) renumber(one, list.dataset.list, at + 1, at);
  });
  const next = all[Math.min(index, all.length - 1)];
  return { focus: next?.querySelector('button[name="_remove"]') ?? list.querySelector('button[name="_add"]') };
}

function depthOf(list) {
  let depth = 0;
  for (let row = list.closest('[data-row]'); row; row = row.parentElement.closest('[data-row]')) depth += 1;
  return depth;
}

/** The template's mark becomes the index; in text and in labels for people it is the number from 1. */
function replaceNumber(row, mark, index) {
  each(row, (element) => {
    for (const { name, value } of [...element.attributes]) {
      if (!value.includes(mark)) continue;
      element.setAttribute(name, value.replaceAll(mark, String(name === 'aria-label' ? index + 1 : index)));
    }
  });
  words(row, (text) => text.replaceAll(mark, String(index + 1)));
}

/** `works[2]…`, `works.2`, `f-works-2-…` of a row that moved up; its heading counts from 1. */
function renumber(row, path, from, to) {
  const flat = `f-${path.replace(/[^A-Za-z0-9_]+/g, '-').replace(/^-+|-+$/g, '')}`;
  const swap = (value) => value
    .replaceAll(`${path}[${from}]`, `${path}[${to}]`)
    .replaceAll(new RegExp(`(^|\\s)${escape(path)}\\.${from}(?=\\.|$)`, 'g'), `$1${path}.${to}`)
    .replaceAll(new RegExp(`(^|\\s)${escape(flat)}-${from}(?=-|\\s|$)`, 'g'), `$1${flat}-${to}`);
  each(row, (element) => {
    for (const name of NUMBERED) {
      if (name === 'value' && !(element.matches('button') && element.name.startsWith('_'))) continue; // never what was typed
      const value = element.getAttribute(name);
      if (value) element.setAttribute(name, swap(value));
    }
  });
  const title = row.querySelector('.card-title');
  const count = (text) => text.replace(new RegExp(`(?<!\\d)${from + 1}(?!\\d)`), String(to + 1));
  if (title) title.textContent = count(title.textContent);
  const button = row.querySelector(':scope > .card-header button[name="_remove"]');
  if (button) button.setAttribute('aria-label', count(button.getAttribute('aria-label')));
}

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The element and all inside, templates included. */
function each(root, act) {
  act(root);
  for (const child of root.querySelectorAll('*')) {
    act(child);
    if (child.localName === 'template') for (const inner of child.content.children) each(inner, act);
  }
}

function words(root, change) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) walker.currentNode.data = change(walker.currentNode.data);
}
