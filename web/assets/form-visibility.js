// Fields that appear and disappear while typing, by the same expressions and the same interpreter as on the server.

import { feel } from '../../engine/bpmn/js/feel.js';
import { rowsOf, seen } from './form-values.js';

const ROUNDS = 10; // visibility depends on data and data on visibility; the server does as many

export function visibility(form) {
  let waiting = 0;
  const later = () => {
    if (waiting) return;
    waiting = requestAnimationFrame(() => {
      waiting = 0;
      settle(form);
    });
  };
  form.addEventListener('zp:changed', later);
  form.addEventListener('zp:rows', later);
  settle(form);
}

function settle(form) {
  for (const root of form.querySelectorAll('[data-form]')) {
    const context = JSON.parse(root.dataset.context || '{}');
    for (let round = 0; round < ROUNDS && pass(root, context); round += 1);
  }
}

/** One round over all expressions; whether anything changed. */
function pass(root, context) {
  const top = seen(root);
  const variables = { ...context, ...top };
  const now = new Date(Date.now() + 8 * 3_600_000).toISOString().replace(/\.\d+Z$/, '+08:00');
  const decided = [...root.querySelectorAll('[data-hide-if]')].map((element) => {
    const request = { kind: 'value', expression: element.dataset.hideIf, variables: { ...variables, ...place(element, root, top) }, now };
    const reply = feel(request);
    // what cannot be judged yet (half a number is text) stays as it is: the server judges what is sent
    return [element, reply.error ? element.hidden : reply.value === true];
  });
  let changed = false;
  for (const [element, hide] of decided) {
    if (element.hidden === hide) continue;
    element.hidden = hide;
    changed = true;
  }
  return changed;
}

/** `this`, `parent` and `i` where the element stands. */
function place(element, root, top) {
  const around = [];
  for (let row = element.parentElement.closest('[data-row]'); row && root.contains(row); row = row.parentElement.closest('[data-row]')) {
    around.unshift(row);
  }
  const number = (row) => rowsOf(row.closest('[data-list]')).indexOf(row) + 1;
  const scopes = [top, ...around.map(seen)];
  return {
    this: scopes.at(-1),
    parent: around.length ? scopes.at(-2) : null,
    i: around.map(number),
  };
}
