// Island "moving": the old and the new diagram side by side; a click on an old step and one on a new step answer the question below.
//
// Inside: per process a [data-process] with data-standing ([{element, count}]) and two [data-side] with data-xml; and the select boxes
// ([data-process][data-element]) that the server reads. Without scripts the select boxes are all there is.

import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';

import './moving.css';
import { controls, fetched, frameFor, show } from '../viewer.js';
import { say } from '../words.js';
import './words-moving.js';

export default async function moving(form) {
  const selects = [...form.querySelectorAll('select[data-element]')];
  for (const pair of form.querySelectorAll('.zp-moving')) {
    await new Pair(pair, selects.filter((one) => one.dataset.process === pair.dataset.process), form.dataset.hint).open();
  }
  form.dataset.ready = 'true';
}

class Pair {
  constructor(element, selects, hint) {
    this.element = element;
    this.selects = selects;
    this.hint = hint;
    this.said = element.querySelector('.zp-moving-said');
    this.picked = null; // the select box of the old step that was clicked
  }

  async open() {
    this.element.hidden = false;
    [this.old, this.new] = await Promise.all(['old', 'new'].map((side) => this.draw(side)));
    const standing = JSON.parse(this.element.dataset.standing);
    for (const { element, count } of standing) this.flag(this.old, element, say('{n} 件', { n: count }));
    this.old.on('element.click', ({ element }) => this.pick(element));
    this.new.on('element.click', ({ element }) => this.answer(element));
    for (const select of this.selects) {
      select.addEventListener('change', () => this.marks());
      select.addEventListener('focus', () => this.choose(select));
    }
    this.say(this.hint);
    this.marks();
  }

  async draw(side) {
    const place = this.element.querySelector(`[data-side="${side}"]`);
    const frame = document.createElement('div');
    frame.className = 'zp-diagram-canvas';
    const diagram = new NavigatedViewer({ container: frame, zoomScroll: { enabled: false }, keyboard: { bind: false } });
    const xml = await fetched(place.dataset.xml);
    place.replaceChildren(frame);
    await show(diagram, xml);
    const first = side === 'old' ? this.selects[0]?.dataset.element : this.selects[0]?.value;
    frameFor(place, diagram, first);
    controls(place, frame, diagram, first);
    return diagram;
  }

  flag(diagram, id, text) {
    if (!diagram.get('elementRegistry').get(id)) return;
    const html = document.createElement('div');
    html.className = 'zp-flag zp-flag-count';
    html.textContent = text;
    diagram.get('overlays').add(id, { position: { top: -14, left: -6 }, html, scale: { min: 0.9, max: 1.2 } });
  }

  pick(element) {
    const select = this.selects.find((one) => one.dataset.element === element.id);
    if (select) this.choose(select);
    else this.say(say('这一步的编号没有变，不用指明。请点旧版本里标出的步骤。'));
  }

  choose(select) {
    this.picked = select;
    this.say(say('旧版本的“{name}”：再在新版本的图上点它现在是哪一步。', { name: nameOf(this.old, select.dataset.element) }));
    this.marks();
  }

  answer(element) {
    if (!this.picked) return this.say(this.hint);
    const names = { name: nameOf(this.old, this.picked.dataset.element), other: nameOf(this.new, element.id) };
    if (![...this.picked.options].some((option) => option.value === element.id)) {
      return this.say(say('“{name}”和“{other}”不是同一类步骤，请另选。', names));
    }
    this.picked.value = element.id;
    this.say(say('已指明：“{name}”现在是“{other}”。', names));
    this.picked = null;
    return this.marks();
  }

  marks() {
    paint(this.old, (id) => {
      const select = this.selects.find((one) => one.dataset.element === id);
      if (!select) return null;
      return select === this.picked ? 'picked' : select.value ? 'answered' : 'asked';
    });
    const taken = new Set(this.selects.map((one) => one.value));
    paint(this.new, (id) => (taken.has(id) ? 'answered' : null));
  }

  say(sentence) {
    this.said.textContent = sentence;
  }
}

function paint(diagram, markOf) {
  const canvas = diagram.get('canvas');
  for (const shape of diagram.get('elementRegistry').getAll()) {
    for (const name of ['picked', 'answered', 'asked']) canvas.removeMarker(shape, `zp-moving-${name}`);
    const mark = shape.labelTarget ? null : markOf(shape.id);
    if (mark) canvas.addMarker(shape, `zp-moving-${mark}`);
  }
}

function nameOf(diagram, id) {
  const shape = diagram.get('elementRegistry').get(id);
  return shape?.businessObject?.name || id;
}
