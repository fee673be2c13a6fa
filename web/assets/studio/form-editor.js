// The editor of forms: form-js' canvas, its properties in our words, and beside it the page as staff will see it.

import '@bpmn-io/form-js-viewer/dist/assets/form-js.css';
import '@bpmn-io/form-js-viewer/dist/assets/flatpickr/light.css';
import '@bpmn-io/form-js-editor/dist/assets/form-js-editor.css';
import '@bpmn-io/form-js-editor/dist/assets/properties-panel.css';
import './form.css';
import './words-form-own.js';

import { Desk } from './desk.js';
import { FormCanvas } from './form/editor.js';
import { preview } from './form/preview.js';
import { say } from '../words.js';

export default async function start(element) {
  const place = element.querySelector('[data-canvas]');
  const sorry = element.querySelector('[data-cannot-draw]');
  let undrawn = null; // a text that the canvas could not show
  let desk = null;
  const shown = preview(element.querySelector('[data-preview-place]'), (body) => desk.line.send('POST', 'preview', body));
  const canvas = new FormCanvas(place, () => {
    shown(canvas.read());
    desk?.changed();
  });
  desk = new Desk(element, {
    read: async () => undrawn ?? canvas.read(),
    show: async (text) => {
      undrawn = null;
      try {
        await canvas.show(text);
      } catch (error) {
        undrawn = text;
        console.warn(error);
      }
      place.hidden = undrawn !== null;
      sorry.hidden = undrawn === null;
      shown(text);
    },
    mark: (problems) => { if (undrawn === null) canvas.mark(problems); },
  });
  desk.onPick = (problem) => canvas.pick(problem.element);
  for (const [act, does] of [['undo', () => canvas.undo()], ['redo', () => canvas.redo()]]) {
    element.querySelector(`[data-act="${act}"]`)?.addEventListener('click', does);
  }
  await desk.open();
  place.classList.toggle('zp-looking', !desk.editable);
  place.setAttribute('aria-label', say('表单的画布：左边是组件，中间是表单，右边是属性'));
  element.editor = { desk, canvas };
  element.dataset.ready = 'true';
}
