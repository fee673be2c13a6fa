// Drafts save themselves a moment after the last change, and what is not saved yet is not lost by leaving the page unasked.

import { raw } from './form-values.js';
import { say } from './words.js';

const PAUSE = 2_000; // after the last change
const AGAIN = 20_000; // after a failure

export function drafts(form) {
  const task = form.dataset.task;
  const address = form.dataset.draftUrl ?? (task && `/api/v1/tasks/${encodeURIComponent(task)}/draft`);
  const root = form.querySelector('[data-form]');
  if (!address || !root) return;
  const status = form.querySelector('[data-draft-status]');
  const tell = (words) => { if (status) status.textContent = words; };
  let kept = JSON.stringify(raw(root));
  let timer = 0;
  let busy = false;
  let leaving = false;

  const dirty = () => JSON.stringify(raw(root)) !== kept;
  const later = (pause) => {
    clearTimeout(timer);
    timer = setTimeout(save, pause);
  };

  async function save() {
    if (busy || leaving) return;
    const variables = raw(root);
    const text = JSON.stringify(variables);
    if (text === kept) return;
    busy = true;
    tell(say('正在保存草稿'));
    try {
      const answer = await fetch(address, {
        method: 'PUT',
        credentials: 'same-origin',
        headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': form.elements.csrf_token?.value ?? '' },
        body: JSON.stringify({ variables }),
      });
      if (answer.ok) {
        kept = text;
        const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: '2-digit', minute: '2-digit' });
        tell(say('草稿已保存（{time}）', { time }));
        if (dirty()) later(PAUSE);
      } else if (answer.status === 409 || answer.status === 404) {
        tell((await answer.json()).detail ?? ''); // done by somebody else: trying again is of no use
      } else {
        tell(answer.status === 401 || answer.status === 403
          ? say('登录已过期：请勿关闭本页，在新窗口登录后，草稿会自动保存。')
          : say('草稿没有保存成功，稍后自动再试。您填写的内容还在本页。'));
        later(AGAIN);
      }
    } catch {
      tell(say('草稿没有保存成功，稍后自动再试。您填写的内容还在本页。'));
      later(AGAIN);
    } finally {
      busy = false;
    }
  }

  form.addEventListener('zp:changed', () => later(PAUSE));
  form.addEventListener('submit', () => {
    leaving = true;
    clearTimeout(timer);
  });
  // back from the server's page by the browser's history: the form is alive again
  addEventListener('pageshow', () => { leaving = false; });
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') save(); });
  addEventListener('beforeunload', (event) => {
    if (!leaving && dirty()) event.preventDefault();
  });
}
