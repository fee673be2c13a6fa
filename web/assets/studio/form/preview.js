// "As staff will see it": our own server draws the form from the text in the editor; the page shows it beside the canvas, and the
// scripts of a real task page make it work. Nothing that is typed there goes anywhere.

import { say } from '../../words.js';
import { LoginLost, NoLine, Refused } from '../desk-line.js';

const PAUSE = 600; // after the last change

/** `place` holds [data-preview-form], [data-preview-said], [data-preview-data] and buttons [data-preview-width]; `send(body)` asks the
 * server and rejects as desk-line.js does. Returns changed(text). */
export function preview(place, send) {
  const said = place.querySelector('[data-preview-said]');
  const sample = place.querySelector('[data-preview-data]');
  let latest = null; // of the text
  let timer = 0;
  let turn = 0;

  for (const button of place.querySelectorAll('[data-preview-width]')) {
    button.addEventListener('click', () => width(place, button.dataset.previewWidth));
  }
  sample?.addEventListener('input', () => later());

  async function draw() {
    const mine = ++turn;
    let data = {};
    try {
      data = sample?.value.trim() ? JSON.parse(sample.value) : {};
    } catch {
      said.textContent = say('示例数据不是 JSON，例如 {example}。', { example: '{"unit": "果洛州藏医院"}' });
      return;
    }
    try {
      const { html, said: words } = await send({ content: latest, data });
      if (mine !== turn) return; // typed on meanwhile
      said.textContent = words;
      if (html !== null) await fill(place, html);
    } catch (error) {
      if (mine !== turn) return;
      said.textContent = error instanceof Refused ? error.message : say('预览没有画出来，停在上一次的样子；改动后自动再试。');
      if (!(error instanceof Refused || error instanceof NoLine || error instanceof LoginLost)) throw error;
    }
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(draw, PAUSE);
  }

  return (text) => {
    if (text === latest) return;
    latest = text;
    later();
  };
}

/** A fresh form each time, so that no script of the former one goes on. */
async function fill(place, html) {
  const former = place.querySelector('[data-preview-form]');
  const form = document.createElement('form');
  form.dataset.previewForm = '';
  form.noValidate = true;
  form.innerHTML = html; // made and escaped by our own server (forms/html.py)
  for (const input of form.querySelectorAll('input[type=file]')) input.disabled = true; // it would be sent at once
  form.addEventListener('submit', (event) => event.preventDefault());
  former.replaceWith(form);
  const { default: enhance } = await import('../../form.js');
  await enhance(form);
}

function width(place, wanted) {
  place.dataset.width = wanted;
  for (const button of place.querySelectorAll('[data-preview-width]')) {
    button.setAttribute('aria-pressed', String(button.dataset.previewWidth === wanted));
  }
  place.closest('[data-form-desk]')?.setAttribute('data-preview', wanted);
}
