// The plain text of any file, with line numbers; a problem that is picked leads to its line.

import { Desk } from './desk.js';

export default async function start(element) {
  const area = element.querySelector('textarea');
  const numbers = element.querySelector('[data-desk="lines"]');
  let numbered = 0; // lines that have a number
  let shown = false;
  let early = false; // somebody wrote into what the server drew before this script was there: that is not written over
  let original = ''; // a text area knows no carriage returns: a file nobody edited is given back as it was
  const plain = (text) => text.replaceAll('\r\n', '\n').replaceAll('\r', '\n');

  const desk = new Desk(element, {
    read: async () => (area.value === plain(original) ? original : original.includes('\r\n') ? area.value.replaceAll('\n', '\r\n') : area.value),
    show: async (text) => {
      original = text;
      early = !shown && area.value !== area.defaultValue;
      if (!early) area.value = text;
      shown = true;
      number();
    },
  });
  desk.onPick = ({ line }) => go(line);

  function number() {
    const lines = area.value.split('\n').length;
    if (lines === numbered) return;
    numbered = lines;
    numbers.textContent = Array.from({ length: lines }, (_, index) => index + 1).join('\n');
  }

  function go(line) {
    if (!line) return;
    const lines = area.value.split('\n');
    const from = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    area.focus();
    area.setSelectionRange(from, from + (lines[line - 1] ?? '').length);
    area.scrollTop = (line - 4) * (area.scrollHeight / Math.max(lines.length, 1));
    area.scrollIntoView({ block: 'center' });
  }

  area.addEventListener('input', () => {
    number();
    if (shown) desk.changed();
  });
  area.addEventListener('scroll', () => { numbers.scrollTop = area.scrollTop; });
  element.querySelector('form').addEventListener('submit', (event) => {
    event.preventDefault();
    desk.save();
  });
  await desk.open();
  if (early) desk.changed();
  go(Number(new URLSearchParams(location.search).get('line')));
  element.dataset.ready = 'true';
}
