// What the lint found, as a list under the editor: every finding a button that leads to its place.

import { say } from '../words.js';

/** Fill `place` with the findings; `pick` is called with the one that was chosen. */
export function list(place, problems, pick) {
  const errors = problems.filter((one) => one.severity === 'error').length;
  const heading = document.createElement('h2');
  heading.textContent = problems.length ? say('检查：{a} 处错误，{b} 处提醒', { a: errors, b: problems.length - errors }) : say('检查：没有发现问题');
  const items = document.createElement('ul');
  items.className = 'zp-problems';
  const sorted = [...problems].sort((a, b) => (a.severity === 'error' ? 0 : 1) - (b.severity === 'error' ? 0 : 1));
  for (const problem of sorted) {
    const item = document.createElement('li');
    item.className = `zp-problem-${problem.severity}`;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'zp-problem-pick';
    button.dataset.code = problem.code;
    button.textContent = `${problem.severity === 'error' ? say('错误') : say('提醒')}：${problem.text}`;
    button.addEventListener('click', () => pick(problem));
    item.append(button);
    if (problem.remedy) item.append(line(problem.remedy));
    const where = [problem.line ? say('第 {n} 行', { n: problem.line }) : '', problem.element ?? ''].filter(Boolean).join(' · ');
    if (where) item.append(line(where, 'zp-hint'));
    items.append(item);
  }
  place.replaceChildren(heading, items);
}

function line(words, name = '') {
  const made = document.createElement('p');
  made.className = name;
  made.textContent = words;
  return made;
}
