// Island "tests-editor": the text of a test file with its scenarios beside it, run one by one or all, their ways drawn on the diagram.
//
// The text editor does the writing and saving. What runs is the text as it stands here, saved or not; outcomes come line by line as
// they end. Coverage counts what each scenario walked when it was last run.

import { say } from '../words.js';
import startText from './text-editor.js';
import './words-trials.js';

export default async function start(element) {
  await startText(element);
  const form = element.querySelector('form');
  const area = form.querySelector('textarea');
  const side = element.querySelector('[data-trials]');
  if (!side) return;
  const place = (name) => side.querySelector(`[data-trials-${name}]`);
  const diagram = side.querySelector('.zp-diagram');
  const all = place('run');
  const outcomes = new Map(); // by name, in the order of the file
  let flows = [];
  let running = null; // AbortController

  all.addEventListener('click', (event) => {
    event.preventDefault();
    if (running) running.abort();
    else run('');
  });
  place('list').addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    event.preventDefault();
    const name = button.closest('li').dataset.name;
    if (button.dataset.act === 'run' && !running) run(name);
    if (button.dataset.act === 'way') way(name);
    if (button.dataset.act === 'line') toLine(Number(button.dataset.line));
  });
  place('coverage').addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    if (button.dataset.flow) diagram.dispatchEvent(new CustomEvent('zp:show', { detail: button.dataset.flow }));
    else cover();
  });

  // what was just kept of a trial is played at once
  const fresh = new URLSearchParams(location.search).get('run');
  if (fresh) run(fresh);

  async function run(name) {
    running = new AbortController();
    all.textContent = say('停止');
    if (!name) outcomes.clear();
    let done = 0;
    let count = 0;
    let refused = null;
    tell(say('正在运行'));
    try {
      const body = new FormData();
      body.set('csrf_token', form.elements.csrf_token.value);
      body.set('content', area.value);
      body.set('scenario', name);
      const answer = await fetch(side.dataset.run, { method: 'POST', body, signal: running.signal, headers: { Accept: 'application/x-ndjson' } });
      if (!answer.ok || !answer.body) throw new Error(`HTTP ${answer.status}`);
      for await (const told of linesOf(answer.body)) {
        if (told.kind === 'begin') {
          flows = told.flows;
          count = told.scenarios.length;
          if (!name) list(told.scenarios);
        } else if (told.kind === 'outcome') {
          done += 1;
          outcomes.set(told.name, told);
          show(told);
          cover();
        } else if (told.kind === 'refused') refused = told.problems;
        if (told.kind !== 'end' && count) tell(say('正在运行第 {n} 个，共 {all} 个', { n: Math.min(done + 1, count), all: count }));
      }
      if (refused) tell(say('没有运行成：{why}', { why: refused.map(sentence).join('；') }), 'bad');
      else end(done, [...outcomes.values()]);
    } catch (error) {
      if (running.signal.aborted) tell(say('已停下，运行了 {n} 个场景', { n: done }));
      else tell(say('没有运行成：{why}', { why: error instanceof TypeError ? say('网络中断') : error.message }), 'bad');
    } finally {
      running = null;
      all.textContent = say('运行全部');
    }
  }

  function end(done, told) {
    const bad = told.filter((one) => !one.passed).length;
    if (bad) tell(say('{n} 个场景中有 {bad} 个没有通过', { n: told.length, bad }), 'bad');
    else tell(say('全部通过：{n} 个场景', { n: told.length }), 'good');
    if (done === 1 && told.length >= 1) way([...told].pop().name);
  }

  function tell(words, kind = '') {
    place('status').textContent = words;
    place('status').dataset.kind = kind;
  }

  function list(scenarios) {
    const template = place('list').querySelector('template');
    for (const item of place('list').querySelectorAll('li')) item.remove();
    for (const { name } of scenarios) {
      const item = template.content.cloneNode(true).querySelector('li');
      item.dataset.name = name;
      item.querySelector('[data-trials-name]').textContent = name;
      place('list').append(item);
    }
  }

  function itemOf(name) {
    return [...place('list').querySelectorAll('li')].find((item) => item.dataset.name === name);
  }

  function show({ name, passed, seconds, text, at }) {
    const item = itemOf(name);
    if (!item) return;
    const result = item.querySelector('[data-trials-result]');
    result.textContent = `${passed ? say('通过') : say('没有通过')} · ${say('{n} 秒', { n: seconds })}`;
    result.dataset.passed = passed;
    const why = item.querySelector('[data-trials-why]');
    why.replaceChildren();
    why.hidden = passed;
    if (!passed) {
      const line = document.createElement('button');
      Object.assign(line, { type: 'button', className: 'zp-problem-pick', textContent: say('第 {n} 行', { n: at }) });
      line.dataset.act = 'line';
      line.dataset.line = at;
      why.append(line, ` ${text}`);
    }
    item.querySelector('[data-act="way"]').hidden = false;
  }

  /** One scenario's way, and where it stood when it failed. */
  function way(name) {
    const { visited, standing } = outcomes.get(name) ?? given(name) ?? {};
    if (!visited) return;
    mark({ visited, active: standing.map((id) => ({ element: id, count: 1 })) });
    for (const item of place('list').querySelectorAll('li')) item.toggleAttribute('data-shown', item.dataset.name === name);
    if (standing.length) diagram?.dispatchEvent(new CustomEvent('zp:show', { detail: standing[0] }));
  }

  /** What the page came with, where the server ran it. */
  function given(name) {
    const kept = itemOf(name)?.dataset.outcome;
    return kept ? JSON.parse(kept) : null;
  }

  /** All ways together, and what none walks. */
  function cover() {
    const told = [...outcomes.values()];
    const walked = new Set(told.flatMap((one) => one.flows));
    const left = flows.filter(({ id }) => !walked.has(id));
    mark({ visited: [...new Set(told.flatMap((one) => one.visited))], unwalked: left.map(({ id }) => id) });
    for (const item of place('list').querySelectorAll('li')) item.removeAttribute('data-shown');
    const box = place('coverage');
    box.hidden = false;
    box.querySelector('[data-trials-count]').textContent = say('走过 {n} 条连线，共 {all} 条', { n: walked.size, all: flows.length });
    const bar = box.querySelector('progress');
    Object.assign(bar, { max: flows.length || 1, value: walked.size });
    box.querySelector('[data-trials-left]').textContent = left.length ? say('没有场景走过的连线') : say('每条连线都有场景走过。');
    box.querySelector('ul').replaceChildren(...left.map(({ id, label }) => {
      const item = document.createElement('li');
      const button = document.createElement('button');
      Object.assign(button, { type: 'button', className: 'zp-problem-pick', textContent: label });
      button.dataset.flow = id;
      item.append(button);
      return item;
    }));
  }

  function mark(state) {
    diagram?.dispatchEvent(new CustomEvent('zp:mark', { detail: state }));
  }

  function toLine(line) {
    const lines = area.value.split('\n');
    const from = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    area.focus();
    area.setSelectionRange(from, from + (lines[line - 1] ?? '').length);
    area.scrollTop = (line - 4) * (area.scrollHeight / Math.max(lines.length, 1));
  }
}

function sentence({ file, line, text }) {
  return `${file ?? ''}${line ? ` ${say('第 {n} 行', { n: line })}` : ''}${file ? '：' : ''}${text}`;
}

/** The values of a body that has one JSON text per line, as they come. */
async function* linesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    rest += value ?? '';
    const lines = rest.split('\n');
    rest = lines.pop();
    for (const line of lines) if (line) yield JSON.parse(line);
    if (done) return;
  }
}
