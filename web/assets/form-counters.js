// How much may still be written. Nothing is cut off: what is too long can be shortened by its writer.

import { say } from './words.js';

export function counters(form) {
  const attach = (scope) => {
    for (const input of scope.querySelectorAll('[data-max-length]')) {
      if (input.dataset.counted) continue;
      input.dataset.counted = 'true';
      count(input);
    }
  };
  attach(form);
  form.addEventListener('zp:rows', ({ detail }) => detail.row && attach(detail.row));
}

function count(input) {
  const most = Number(input.dataset.maxLength);
  const shown = document.createElement('span');
  shown.className = 'zp-counter';
  (input.closest('.input-group') ?? input).after(shown);
  const update = () => {
    const left = most - [...input.value.trim()].length;
    const near = input.localName === 'textarea' || left <= 10; // of one line only when its end comes near
    shown.textContent = left < 0 ? say('超出 {n} 字', { n: -left }) : near ? say('还可以写 {n} 字', { n: left }) : '';
    shown.classList.toggle('zp-counter-over', left < 0);
  };
  input.addEventListener('input', update);
  // read out when the writer pauses at the field, not at every key
  input.addEventListener('blur', () => shown.setAttribute('role', 'status'), { once: true });
  update();
}
