// dmn-js around one file: shows a text, gives it back, marks what the lint found. It opens the first decision table; a file with
// several decisions has its diagram too.

import DmnModeler from 'dmn-js/lib/Modeler';
import { HIT_POLICIES } from 'dmn-js-decision-table/lib/features/hit-policy/HitPolicies';

import { highlighter } from '../highlight.js';
import { dmn13, tidied } from './xml.js';
import { missing, translateModule } from './translate.js';

// What the engine runs (HIT_POLICIES in engine/bpmn/dmn.py); the rest would be refused at the check.
const RUN = ['UNIQUE', 'FIRST', 'ANY', 'COLLECT'];
const DATA_TYPES = ['string', 'boolean', 'number', 'date', 'time', 'dateTime', 'dayTimeDuration', 'yearMonthDuration'];

export class TableCanvas {
  /** `changed()` is called after every step, also after undo and redo. */
  constructor(parent, changed) {
    this.text = '';
    this.parent = parent;
    this.missing = missing;
    this.showing = false;
    this.touched = false; // by steps that can no longer be undone: another decision was opened since
    const additions = { additionalModules: [translateModule] };
    this.modeler = new DmnModeler({
      container: parent, drd: additions, decisionTable: additions, literalExpression: additions, boxedExpression: additions,
      common: { dataTypes: DATA_TYPES },
    });
    HIT_POLICIES.splice(0, HIT_POLICIES.length, ...HIT_POLICIES.filter(({ value }) => RUN.includes(value.hitPolicy)));
    this.lights = highlighter('.dmn-js-parent [data-element-id="$"], .dmn-js-parent [data-row-id="$"], .dmn-js-parent [data-col-id="$"]');
    this.modeler.on('viewer.created', ({ viewer }) => {
      viewer.get('eventBus').on('commandStack.changed', ({ trigger }) => {
        if (this.showing || trigger === 'clear') return;
        changed();
      });
    });
  }

  /** Rejects a text that is no decision file dmn-js knows. */
  async show(text) {
    this.showing = true;
    try {
      await this.modeler.importXML(dmn13(text));
      const views = this.modeler.getViews();
      const first = views.find(({ type }) => type === 'decisionTable') ?? views.find(({ type }) => type === 'literalExpression') ?? views[0];
      await this.modeler.open(first);
      // the diagram of decisions says nothing where there is one table
      this.parent.classList.toggle('zp-one-decision', first.type !== 'drd' && views.filter(({ type }) => type !== 'drd').length === 1);
      this.text = text;
      this.touched = false;
    } finally {
      this.showing = false;
    }
  }

  get stack() {
    return this.modeler.getActiveViewer()?.get('commandStack', false);
  }

  /** Byte for byte what was shown, until something is changed. */
  async read() {
    if (!this.touched && !this.stack?.canUndo()) return this.text;
    const { xml } = await this.modeler.saveXML({ format: true });
    return tidied(xml, this.text);
  }

  views() {
    return this.modeler.getViews();
  }

  async open(view) {
    if (this.stack?.canUndo()) this.touched = true;
    this.showing = true;
    try {
      await this.modeler.open(view);
    } finally {
      this.showing = false;
    }
  }

  undo() { if (this.stack?.canUndo()) this.stack.undo(); }

  redo() { if (this.stack?.canRedo()) this.stack.redo(); }

  mark(problems) {
    this.lights(problems);
  }

  /** Bring a cell, row, column or decision into view. */
  async pick(element) {
    if (!element) return;
    let node = this.find(element);
    if (!node) {
      const view = this.views().find((one) => holds(one.element, element));
      if (view) await this.open(view);
      node = this.find(element);
    }
    node?.scrollIntoView({ block: 'center', inline: 'center' });
    node?.querySelector('[contenteditable], textarea, button')?.focus();
  }

  find(element) {
    const id = CSS.escape(element);
    return this.modeler._container.querySelector(`[data-element-id="${id}"], [data-row-id="${id}"], [data-col-id="${id}"]`);
  }
}

/** Whether an element of that id stands somewhere inside. */
function holds(element, id, depth = 0) {
  if (!element || depth > 6) return false;
  if (element.id === id) return true;
  const inside = [element.decisionLogic, element.inputExpression, ...['input', 'output', 'rule', 'inputEntry', 'outputEntry'].flatMap((name) => element[name] ?? [])];
  return inside.some((one) => holds(one, id, depth + 1));
}
