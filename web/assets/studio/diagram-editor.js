// Island "diagram-editor": a process drawn and described without writing XML. The drawing is bpmn-js (diagram/modeler.js), what an element says
// stands in the panel beside it (diagram/panel.js), and drafts, versions, checks and other people are the desk's (desk.js).

import 'bpmn-js/dist/assets/bpmn-font/css/bpmn-codes.css';
import 'bpmn-js/dist/assets/bpmn-font/css/bpmn.css';
import 'bpmn-js-token-simulation/assets/css/bpmn-js-token-simulation.css';
import 'diagram-js-minimap/assets/diagram-js-minimap.css';

import './diagram.css';
import './words-diagram.js';
import { say } from '../words.js';
import { Desk } from './desk.js';
import { DiagramFile, textOf } from './diagram/file.js';
import { flush } from './diagram/fields.js';
import { Marks } from './diagram/marks.js';
import { centre, fit, modelerIn, viewerIn } from './diagram/modeler.js';
import { Office } from './diagram/office.js';
import { panel } from './diagram/panel.js';
import { tools } from './diagram/tools.js';
import { speakChinese } from './diagram/translate.js';

const LEGIBLE = 0.5; // smaller than this a new drawing is not shown: it begins at its left upper corner then

export default async function start(element) {
  const place = (name) => element.querySelector(`[data-draw="${name}"]`);
  const readonly = element.hasAttribute('data-readonly');
  speakChinese(place('canvas'));
  const modeler = readonly ? viewerIn(place('canvas')) : modelerIn(place('canvas'));
  const file = new DiagramFile(modeler);
  const marks = new Marks(modeler);
  const notes = place('notes');
  let desk = null;
  let first = true;

  const show = async (text) => {
    await file.show(text);
    tellOf(file, notes);
    if (first && !file.broken) fit(modeler, LEGIBLE);
    first &&= Boolean(file.broken);
  };
  const bring = async (bytes, name) => {
    const before = await file.read();
    const text = read(bytes);
    if (text !== null) await show(text);
    if (text === null || file.broken) {
      await show(before);
      return note(notes, say('{name} 不是能读懂的流程图，没有导入。', { name }));
    }
    fit(modeler, LEGIBLE);
    note(notes, say('已换成 {name} 里的图，还没有保存。', { name }));
    return desk.changed();
  };

  wheel(modeler, element);
  searching(place('canvas'));
  tools(element.querySelector('[data-desk="tools"]'), modeler, {
    name: element.dataset.file.replace(/\.bpmn$/i, ''),
    title: () => nameOf(modeler) || element.dataset.file,
    readonly,
    bring,
    tell: (sentence) => note(notes, sentence),
  });
  desk = new Desk(element, {
    read: () => {
      flush();
      return file.read();
    },
    show,
    mark: (problems) => marks.show(problems),
  });
  desk.onPick = (problem) => pick(modeler, problem);
  modeler.on('commandStack.changed', () => desk.changed());
  modeler.on('tokenSimulation.toggleMode', ({ active }) => { place('panel').inert = active; }); // nothing is changed while it is walked through
  if (readonly) element.classList.add('zp-draw-readonly');
  else {
    const files = element.dataset.state.replace(/[^/]+\/state$/, '');
    const known = await asked(files.replace(/files\/$/, 'known'));
    panel(modeler, place('panel'), new Office(modeler, known, { files, make: element.dataset.change }));
  }
  await desk.open();
  const wanted = decodeURIComponent(location.hash.slice(1));
  if (wanted) pick(modeler, { element: wanted }); // other pages point at a step: …/files/P12.bpmn#plan_meeting
  element.editor = { modeler, file, desk }; // for who looks into it from outside
  element.dataset.ready = 'true';
}

/** Null for bytes that are no text. */
function read(bytes) {
  try {
    return textOf(bytes);
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return null;
    throw error;
  }
}

async function asked(address) {
  const answer = await fetch(address, { credentials: 'same-origin' });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}

/** The element of a problem is shown in the middle and selected. */
function pick(modeler, { element: id }) {
  const shape = id && modeler.get('elementRegistry').get(id);
  if (!shape) return;
  centre(modeler, shape);
  modeler.get('selection').select(shape);
}

/** The wheel with Ctrl zooms where the mouse is; without it the page scrolls as anywhere. */
function wheel(modeler, element) {
  element.querySelector('[data-draw="canvas"]').addEventListener('wheel', (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const canvas = modeler.get('canvas');
    const frame = canvas.getContainer().getBoundingClientRect();
    const scale = Math.min(4, Math.max(0.1, canvas.zoom() * (event.deltaY < 0 ? 1.1 : 0.9)));
    canvas.zoom(scale, { x: event.clientX - frame.left, y: event.clientY - frame.top });
  }, { passive: false });
}

/** The search looks again after a key; Chinese comes from an input method, which types without keys. */
function searching(canvas) {
  canvas.addEventListener('compositionend', ({ target }) => {
    if (target.matches?.('.djs-search-input input')) target.dispatchEvent(new KeyboardEvent('keyup', { bubbles: true }));
  });
}

function nameOf(modeler) {
  const processes = modeler.getDefinitions()?.get('rootElements').filter((one) => one.$type === 'bpmn:Process') ?? [];
  return processes.map((one) => one.name).filter(Boolean).join('、');
}

function tellOf(file, notes) {
  notes.replaceChildren();
  if (file.broken) return note(notes, say('这个文件画不出来：{why} 请在源文件里修改，或回到上一个版本。', { why: file.broken.message }));
  if (file.arranged) note(notes, say('文件里没有布局，已自动排列；改动以后，排好的布局一起保存。'));
  if (file.foreign.length) note(notes, say('文件里有其他软件的内容（{names}），本系统不使用，保存时原样保留。', { names: file.foreign.join('、') }));
  if (!file.warnings.length) return undefined;
  return note(notes, say('有 {n} 处没有读懂，改动并保存后可能丢失：{what}', { n: file.warnings.length, what: file.warnings.map((one) => one.message).slice(0, 3).join('；') }));
}

function note(notes, sentence) {
  const line = document.createElement('p');
  line.textContent = sentence;
  notes.append(line);
  return line;
}
