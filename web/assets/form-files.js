// Files are sent when they are chosen, with progress; the form then carries their ids. If that fails, the file stays chosen
// and goes along with the form, as without this script.

import { say } from './words.js';

export function files(form) {
  form.addEventListener('change', (event) => {
    const input = event.target;
    if (input.type === 'file' && input.closest('[data-type="filepicker"]') && input.files.length) send(form, input);
  });
}

async function send(form, input) {
  const box = input.closest('[data-type="filepicker"]');
  const submits = [...form.querySelectorAll('button[type="submit"]')].filter((one) => !one.disabled);
  for (const one of submits) one.disabled = true;
  input.disabled = true;
  const failed = new DataTransfer();
  for (const file of [...input.files]) {
    const line = document.createElement('p');
    line.className = 'form-hint';
    line.setAttribute('role', 'status');
    line.textContent = say('正在上传 {name}', { name: file.name });
    const bar = document.createElement('progress');
    bar.className = 'zp-progress';
    bar.max = 1;
    bar.setAttribute('aria-label', line.textContent);
    input.after(line, bar);
    try {
      const item = await upload(file, form.elements.csrf_token?.value ?? '', (share) => { bar.value = share; });
      keep(box, input, item);
      line.textContent = say('{name} 已上传', { name: item.name });
    } catch (error) {
      failed.items.add(file);
      line.className = 'zp-error';
      line.setAttribute('role', 'alert');
      line.textContent = say('{name} 没有上传成功：{why}', { name: file.name, why: error.message });
    }
    bar.remove();
  }
  input.disabled = false;
  input.files = failed.files;
  for (const one of submits) one.disabled = false;
  form.dispatchEvent(new CustomEvent('zp:changed'));
}

/** Resolves to {id, name, size}; rejects with a sentence for people. XMLHttpRequest, because fetch tells no progress. */
function upload(file, token, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', '/api/v1/attachments');
    request.setRequestHeader('X-CSRF-Token', token);
    request.setRequestHeader('Accept', 'application/json, application/problem+json');
    request.upload.addEventListener('progress', (event) => event.lengthComputable && progress(event.loaded / event.total));
    request.addEventListener('error', () => reject(new Error(say('网络中断'))));
    request.addEventListener('load', () => {
      let answer = {};
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        // no JSON: a proxy in between answered; the status says enough
      }
      if (request.status === 201) resolve(answer);
      else reject(new Error(Object.values(answer.errors ?? {}).flat()[0] ?? answer.detail ?? `HTTP ${request.status}`));
    });
    const body = new FormData();
    body.append('file', file);
    request.send(body);
  });
}

/** The same line the server renders for a file that is attached already. */
function keep(box, input, { id, name, size }) {
  let list = box.querySelector('ul');
  if (!list) {
    list = document.createElement('ul');
    list.className = 'list-unstyled mb-2';
    input.before(list);
  }
  if (!input.multiple) for (const one of list.querySelectorAll('input')) one.checked = false;
  const item = document.createElement('li');
  item.className = 'form-check';
  item.dataset.file = id;
  const box1 = Object.assign(document.createElement('input'), { type: 'checkbox', className: 'form-check-input', name: input.name, value: id, checked: true });
  box1.id = `${input.id}-keep-${id}`;
  const label = document.createElement('label');
  label.className = 'form-check-label';
  label.htmlFor = box1.id;
  label.textContent = `${say('保留：{name}', { name })} (${Math.max(1, Math.round(size / 1024))} KB)`;
  item.append(box1, label);
  list.append(item);
}
