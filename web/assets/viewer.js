// Island "viewer": a diagram that shows where a case stands, or where the lint found something.
//
//   data-xml     address of the BPMN text, or data-inline: the text itself
//   data-state   JSON, every key optional:
//                {active: [{element, count}], visited: [id], timers: [{element, text}], incidents: [{element, text}],
//                 problems: [{element, severity: "error"|"warning", text}],
//                 heat: [{element, cases, late, href, late_href}]: how many cases stand where, each number a link,
//                 unwalked: [id of a flow that no test walks]}
//
// Scripts beside it: the event "zp:mark" on the element draws another state (detail), "zp:show" centres an element (detail: its id).
//
// Keys while the diagram has the focus: arrows move, + and - zoom, 0 shows all. The page's own scrolling is left alone:
// only the wheel with Ctrl zooms. The same content stands as text beside the diagram.

import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';

import { say } from './words.js';

const STEP = 80; // pixels an arrow key moves
const MAX_SHARE = 0.7; // of the window's height
const LEGIBLE = 0.55; // below this scale labels cannot be read
const READING = 0.9; // the scale to begin with where the whole would be too small

export default async function viewer(element) {
  const state = JSON.parse(element.dataset.state || '{}');
  const frame = document.createElement('div');
  frame.className = 'zp-diagram-canvas';
  const diagram = new NavigatedViewer({ container: frame, zoomScroll: { enabled: false }, keyboard: { bind: false } });
  try {
    const xml = element.dataset.inline ?? (await fetched(element.dataset.xml));
    element.replaceChildren(frame);
    const arranged = await show(diagram, xml);
    element.setAttribute('role', 'group'); // as a picture it could hold no buttons
    mark(diagram, state);
    const here = currentOf(diagram, state);
    frameFor(element, diagram, here);
    controls(element, frame, diagram, here);
    let key = legend(state, arranged);
    element.after(key);
    element.addEventListener('zp:mark', ({ detail }) => {
      unmark(diagram);
      mark(diagram, detail);
      const fresh = legend(detail, arranged);
      key.replaceWith(fresh);
      key = fresh;
    });
    element.addEventListener('zp:show', ({ detail }) => goTo(diagram, detail));
    element.dataset.ready = 'true';
  } catch (error) {
    const sorry = document.createElement('p');
    sorry.className = 'zp-hint';
    sorry.textContent = say('流程图没有读出来。请看下面的文字版。');
    element.replaceChildren(sorry);
    element.style.height = 'auto';
    throw error;
  }
}

export async function fetched(address) {
  const answer = await fetch(address, { credentials: 'same-origin' });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.text();
}

/** Draw it; a file without layout is arranged first. Returns whether that was needed. */
export async function show(diagram, xml) {
  const laidOut = /<(\w+:)?BPMNShape[\s>]/.test(xml);
  if (!laidOut) {
    const { layoutProcess } = await import('bpmn-auto-layout');
    xml = await layoutProcess(withEnds(xml));
  }
  await diagram.importXML(xml);
  return !laidOut;
}

/** The layout follows `incoming` and `outgoing`; BPMN lets a file leave them out, for the flows say it already. */
function withEnds(xml) {
  const file = new DOMParser().parseFromString(xml, 'application/xml');
  const byId = new Map([...file.getElementsByTagName('*')].map((node) => [node.getAttribute('id'), node]));
  for (const flow of file.getElementsByTagNameNS('*', 'sequenceFlow')) {
    for (const [end, side] of [['sourceRef', 'outgoing'], ['targetRef', 'incoming']]) {
      const node = byId.get(flow.getAttribute(end));
      if (!node || [...node.children].some((one) => one.localName === side && one.textContent.trim() === flow.id)) continue;
      const named = file.createElementNS(flow.namespaceURI, flow.prefix ? `${flow.prefix}:${side}` : side);
      named.textContent = flow.id;
      // They stand behind the documentation and the extensions, before everything of the step's own.
      const first = [...node.children].find((one) => !['documentation', 'extensionElements', 'incoming'].includes(one.localName));
      node.insertBefore(named, first ?? null);
    }
  }
  return new XMLSerializer().serializeToString(file);
}

// marks ////////////////////////////////////////////////////////////

function mark(diagram, state) {
  const canvas = diagram.get('canvas');
  const registry = diagram.get('elementRegistry');
  const overlays = diagram.get('overlays');
  const paint = (id, name) => {
    if (registry.get(id)) canvas.addMarker(id, `zp-mark-${name}`);
  };
  const flag = (id, kind, text, title, position) => {
    const shape = registry.get(id);
    if (!shape || !text) return;
    const html = document.createElement('div');
    html.className = `zp-flag zp-flag-${kind}`;
    html.textContent = text;
    html.title = title || text;
    overlays.add(id, { position: shape.waypoints ? { top: 0, left: 0 } : position, html, scale: { min: 0.9, max: 1.2 } });
  };
  const visited = new Set(state.visited ?? []);
  const standing = new Set((state.active ?? []).map((one) => one.element));
  for (const id of visited) paint(id, 'visited');
  for (const flow of registry.filter((one) => one.waypoints)) if (taken(flow, visited, standing)) paint(flow.id, 'visited');
  for (const id of state.unwalked ?? []) paint(id, 'unwalked');
  for (const { element: id, count } of state.active ?? []) {
    if (registry.get(id)) canvas.removeMarker(id, 'zp-mark-visited');
    paint(id, 'active');
    if (count > 1) flag(id, 'count', `×${count}`, say('正在这里（{n} 处）', { n: count }), { top: -12, right: 20 });
  }
  for (const { element: id, text } of state.timers ?? []) flag(id, 'timer', text, `${say('定时')}：${text}`, { bottom: -6, left: -10 });
  for (const { element: id, text } of state.incidents ?? []) {
    paint(id, 'incident');
    flag(id, 'incident', say('停住了'), text, { top: -14, left: 0 });
  }
  const number = (id, kind, text, href, position) => {
    if (!registry.get(id)) return;
    const link = document.createElement('a');
    link.className = `zp-flag zp-flag-${kind}`;
    link.href = href;
    link.textContent = text;
    overlays.add(id, { position, html: link, scale: { min: 0.9, max: 1.2 } });
  };
  for (const { element: id, cases, late, href, late_href: lateHref } of state.heat ?? []) {
    paint(id, late ? 'late' : 'active');
    number(id, 'count', say('{n} 件', { n: cases }), href, { top: -14, left: -6 });
    if (late) number(id, 'late', say('超期 {n}', { n: late }), lateHref, { top: -14, right: 44 });
  }
  for (const [id, found] of grouped(state.problems ?? [])) {
    const errors = found.filter((one) => one.severity === 'error').length;
    const kind = errors ? 'error' : 'warning';
    paint(id, kind);
    const words = errors ? say('错误 {n}', { n: errors }) : say('提醒 {n}', { n: found.length });
    flag(id, kind, words, found.map((one) => one.text).join('\n'), { top: -14, left: 0 });
  }
}

/** As if nothing had been marked. */
function unmark(diagram) {
  const canvas = diagram.get('canvas');
  diagram.get('overlays').clear();
  for (const shape of diagram.get('elementRegistry').getAll()) {
    for (const name of ['visited', 'unwalked', 'active', 'incident', 'late', 'error', 'warning']) canvas.removeMarker(shape, `zp-mark-${name}`);
  }
}

/** A flow was taken for certain if history names it, or if it was the only way between two steps that were reached. */
function taken(flow, visited, standing) {
  if (visited.has(flow.id)) return true;
  const { source, target } = flow;
  if (!source || !target || !visited.has(source.id) || !(visited.has(target.id) || standing.has(target.id))) return false;
  return source.outgoing.filter((one) => one.type === 'bpmn:SequenceFlow').length === 1;
}

function grouped(problems) {
  const found = new Map();
  for (const problem of problems) found.set(problem.element, [...(found.get(problem.element) ?? []), problem]);
  return found;
}

// frame and controls ///////////////////////////////////////////////

/** As high as the diagram needs, within reason. All of it is in view if its labels can be read then, else the current step. */
export function frameFor(element, diagram, here) {
  const canvas = diagram.get('canvas');
  const { inner } = canvas.viewbox();
  const fitting = Math.min(1, element.clientWidth / (inner.width + 48));
  const scale = fitting < LEGIBLE ? READING : fitting;
  const height = Math.min((inner.height + 96) * scale, window.innerHeight * MAX_SHARE);
  element.style.height = `${Math.max(240, Math.round(height))}px`;
  canvas.resized();
  whole(canvas);
  if (canvas.viewbox().scale < LEGIBLE) goTo(diagram, here);
}

/** Legible, and around `here`; without one, where the process begins. */
function goTo(diagram, here) {
  const canvas = diagram.get('canvas');
  const { inner, outer } = canvas.viewbox();
  const scale = Math.max(canvas.viewbox().scale, READING);
  const [width, height] = [outer.width / scale, outer.height / scale];
  const shape = here && diagram.get('elementRegistry').get(here);
  const middle = shape ? shape.waypoints?.[0] ?? { x: shape.x + shape.width / 2, y: shape.y + shape.height / 2 } : null;
  const within = (wanted, from, size, shown) => Math.max(from - 24, Math.min(wanted, from + size - shown + 24));
  canvas.viewbox({
    x: middle ? within(middle.x - width / 2, inner.x, inner.width, width) : inner.x - 24,
    y: inner.height < height ? inner.y - (height - inner.height) / 2 : within((middle?.y ?? inner.y) - height / 2, inner.y, inner.height, height),
    width,
    height,
  });
}

/** All of it, with air around it for the flags, never larger than drawn. */
function whole(canvas) {
  const { inner, outer } = canvas.viewbox();
  const margin = 24;
  const scale = Math.min(1, outer.width / (inner.width + 2 * margin), outer.height / (inner.height + 2 * margin));
  const [width, height] = [outer.width / scale, outer.height / scale];
  canvas.viewbox({ x: inner.x - (width - inner.width) / 2, y: inner.y - (height - inner.height) / 2, width, height });
}

/** The element a reader looks for first. */
function currentOf(diagram, { incidents = [], active = [], problems = [], heat = [] }) {
  return [...incidents, ...active, ...problems, ...[...heat].sort((a, b) => b.late - a.late)].map((one) => one.element).find((id) => diagram.get('elementRegistry').get(id));
}

export function controls(element, frame, diagram, here) {
  const canvas = diagram.get('canvas');
  const zoom = (factor) => canvas.zoom(Math.min(4, Math.max(0.1, canvas.zoom() * factor)));
  const bar = document.createElement('div');
  bar.className = 'zp-diagram-tools';
  const button = (sign, words, act) => {
    const made = document.createElement('button');
    made.type = 'button';
    made.textContent = sign;
    made.title = words;
    made.setAttribute('aria-label', words);
    made.addEventListener('click', act);
    bar.append(made);
  };
  button('+', say('放大'), () => zoom(1.25));
  button('−', say('缩小'), () => zoom(0.8));
  button('⤢', say('看全图'), () => whole(canvas));
  if (here) button('◎', say('看当前步骤'), () => goTo(diagram, here));
  element.prepend(bar);

  const picture = frame.querySelector('svg[tabindex]') ?? frame;
  picture.setAttribute('role', 'application');
  picture.setAttribute('aria-label', say('流程图，方向键移动，加减号缩放，0 看全图'));
  const moves = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
  picture.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (moves[event.key]) canvas.scroll({ dx: moves[event.key][0], dy: moves[event.key][1] });
    else if (event.key === '+' || event.key === '=') zoom(1.25);
    else if (event.key === '-') zoom(0.8);
    else if (event.key === '0') whole(canvas);
    else return;
    event.preventDefault();
  });
  frame.addEventListener('wheel', (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.1 : 0.9);
  }, { passive: false });

  let width = element.clientWidth;
  new ResizeObserver(() => {
    if (!element.clientWidth || element.clientWidth === width) return; // without a width it is being taken off the page
    width = element.clientWidth;
    frameFor(element, diagram, here);
  }).observe(element);
}

function legend(state, arranged) {
  const list = document.createElement('ul');
  list.className = 'zp-diagram-key';
  const entry = (name, words) => {
    const item = document.createElement('li');
    item.className = `zp-key-${name}`;
    item.textContent = words;
    list.append(item);
  };
  const has = (name) => (state[name] ?? []).length > 0;
  if (has('active')) entry('active', say('正在这里'));
  if (has('heat')) entry('active', say('有事项在这里，数字是件数，可以点开'));
  if ((state.heat ?? []).some((one) => one.late)) entry('late', say('有超期的'));
  if (has('visited')) entry('visited', say('走过'));
  if (has('unwalked')) entry('unwalked', say('没有场景走过'));
  if (has('incidents')) entry('incident', say('停住了'));
  if ((state.problems ?? []).some((one) => one.severity === 'error')) entry('error', say('有错误'));
  if ((state.problems ?? []).some((one) => one.severity !== 'error')) entry('warning', say('有提醒'));
  if (arranged) entry('plain', say('图中没有布局信息，以下为自动排列。'));
  return list;
}
