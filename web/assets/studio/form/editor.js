// form-js' editor around one form: shows a text, gives it back, marks what the lint found.

import './translate.js'; // first: see there

import { FormEditor } from '@bpmn-io/form-js-editor';

import { say } from '../../words.js';
import { highlighter } from '../highlight.js';
import { extraModule } from './extra.js';
import { parsed, written } from './order.js';
import { paletteModule } from './palette.js';

export class FormCanvas {
  /** `changed()` is called after every step, also after undo and redo. */
  constructor(parent, changed) {
    this.text = '';
    this.changed = changed;
    this.editor = new FormEditor({ container: parent, additionalModules: [paletteModule, extraModule] });
    this.lights = highlighter('.fjs-editor-container [data-id="$"]');
    this.stack = this.editor.get('commandStack');
    this.showing = false;
    new MutationObserver(() => this.reach()).observe(parent, { childList: true, subtree: true });
    this.editor.on('commandStack.changed', () => { if (!this.showing) this.changed(); });
    // the palette knows dragging and the key Enter; a click is what people try first (that of a key has no detail)
    parent.addEventListener('click', ({ target, detail }) => {
      const entry = detail > 0 && target.closest('.fjs-palette-field');
      if (entry) this.append(entry.dataset.fieldType);
    });
  }

  /** What scrolls inside a component is reached and named for who has no mouse. */
  reach() {
    for (const box of this.editor._container.querySelectorAll('.fjs-table-inner-container:not([tabindex])')) {
      box.tabIndex = 0;
      box.setAttribute('role', 'region');
      box.setAttribute('aria-label', say('表格'));
    }
  }

  /** A new component after the last one, selected. */
  append(type) {
    const { schema } = this.editor._getState();
    const made = this.editor.get('modeling').addFormField({ type }, schema, schema.components.length);
    this.editor.get('selection').set(this.editor.get('formFieldRegistry').get(made.id));
  }

  /** Rejects a text that is no form the editor knows; the canvas is then as it was. */
  async show(text) {
    const schema = { type: 'default', components: [], ...parsed(text) };
    this.showing = true;
    try {
      await this.editor.importSchema(schema);
      this.text = text;
      this.opened = structuredClone(this.editor.getSchema());
    } finally {
      this.showing = false;
    }
  }

  /** Byte for byte what was shown, until something is changed. */
  read() {
    return this.stack.canUndo() ? written(this.editor.getSchema(), this.text, this.opened) : this.text;
  }

  undo() { if (this.stack.canUndo()) this.stack.undo(); }

  redo() { if (this.stack.canRedo()) this.stack.redo(); }

  mark(problems) {
    this.lights(problems.map((problem) => ({ ...problem, element: this.idOf(problem.element) })));
  }

  /** Select a component, by its id or by the field it writes. */
  pick(element) {
    const id = this.idOf(element);
    const field = id && this.editor.get('formFieldRegistry').get(id);
    if (!field) return;
    this.editor.get('selection').set(field);
    this.editor._container.querySelector(`[data-id="${CSS.escape(id)}"]`)?.scrollIntoView({ block: 'center' });
  }

  idOf(element) {
    const registry = this.editor.get('formFieldRegistry');
    if (!element || registry.get(element)) return element;
    return registry.getAll().find((field) => field.key === element || field.path === element)?.id;
  }
}
