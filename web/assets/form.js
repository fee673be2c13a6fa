// Island "form": what forms/html.py renders, made quicker. Without this script the server does all of it on the next submit.
//
//   the form            data-task="<id>"         drafts go to /api/v1/tasks/<id>/draft; [data-draft-status] says how it went
//   [data-form]         data-context             what visibility expressions may name
//   [data-hide-if]      shown and hidden by the same FEEL as on the server (fetched only if a form has any)
//   [data-list]         rows are added and removed on the spot
//   [data-max-length]   a counter under the input
//   input[type=file]    sent at once, with progress; the form then carries the file's id (data-files="along": files go with the form)
//
// Each concern is a module of its own and gets the form; they speak to each other through two events on it:
// "zp:changed" (something in it changed) and "zp:rows" (rows came or went; detail.row is a new one).

import { counters } from './form-counters.js';
import { drafts } from './form-drafts.js';
import { files } from './form-files.js';
import { rows } from './form-rows.js';

export default async function enhance(form) {
  counters(form);
  rows(form);
  if (form.dataset.files !== 'along') files(form);
  drafts(form);
  for (const type of ['input', 'change']) {
    form.addEventListener(type, () => form.dispatchEvent(new CustomEvent('zp:changed')));
  }
  const templates = [...form.querySelectorAll('template')];
  if ([form, ...templates.map((one) => one.content)].some((part) => part.querySelector('[data-hide-if]'))) {
    const { visibility } = await import('./form-visibility.js');
    visibility(form);
  }
  form.dataset.ready = 'true';
}
