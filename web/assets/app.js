// On every page: small conveniences, and the door to the islands. Everything works without it.
//
// An element with data-island="viewer" (or another of these) gets the script of that island, loaded when it is needed. The module's
// default export is called with the element.

import './app.css';

const ISLANDS = {
  viewer: () => import('./viewer.js'),
  form: () => import('./form.js'),
  'diagram-editor': () => import('./studio/diagram-editor.js'),
  'table-editor': () => import('./studio/table-editor.js'),
  'form-editor': () => import('./studio/form-editor.js'),
  'text-editor': () => import('./studio/text-editor.js'),
  'tests-editor': () => import('./studio/tests-editor.js'),
  compare: () => import('./studio/compare.js'),
  moving: () => import('./studio/moving.js'),
};

for (const element of document.querySelectorAll('[data-island]')) {
  const load = ISLANDS[element.dataset.island];
  if (!load) continue;
  load().then((island) => island.default(element)).catch((error) => {
    // the page stays as the server made it; say it where a developer looks
    console.error(element.dataset.island, error);
  });
}

// an error summary is read out and reached first
document.querySelector('[data-focus], #error-summary')?.focus();

// menus made of <details> close on Escape and on a click elsewhere
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  for (const menu of document.querySelectorAll('details.zp-account[open], details.zp-clock-more[open]')) {
    menu.open = false;
    menu.querySelector('summary').focus();
  }
});
document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('details.zp-account[open], details.zp-clock-more[open]')) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// a page that waits for what others do asks anew, and is drawn again only when it has something else to say
for (const waiting of document.querySelectorAll('[data-again]')) {
  const shown = waiting.textContent;
  setInterval(async () => {
    const answer = await fetch(location.href).catch(() => null); // no line: the next turn asks again
    if (!answer) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (page.querySelector('[data-again]')?.textContent !== shown) location.reload();
  }, waiting.dataset.again * 1000);
}
