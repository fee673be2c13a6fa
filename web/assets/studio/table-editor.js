// The editor of decision tables: dmn-js in our words, FEEL in its cells.

import 'dmn-js/dist/assets/diagram-js.css';
import 'dmn-js/dist/assets/dmn-js-shared.css';
import 'dmn-js/dist/assets/dmn-js-drd.css';
import 'dmn-js/dist/assets/dmn-js-decision-table.css';
import 'dmn-js/dist/assets/dmn-js-decision-table-controls.css';
import 'dmn-js/dist/assets/dmn-js-literal-expression.css';
import 'dmn-js/dist/assets/dmn-js-boxed-expression.css';
import 'dmn-js/dist/assets/dmn-js-boxed-expression-controls.css';
import 'dmn-js/dist/assets/dmn-font/css/dmn.css';
import './table.css';

import { Desk } from './desk.js';
import { TableCanvas } from './table/editor.js';

export default async function start(element) {
  const place = element.querySelector('[data-canvas]');
  const sorry = element.querySelector('[data-cannot-draw]');
  let undrawn = null; // a text that the table could not show
  let desk = null;
  const canvas = new TableCanvas(place, () => desk?.changed());
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
    },
    mark: (problems) => { if (undrawn === null) canvas.mark(problems); },
  });
  desk.onPick = (problem) => canvas.pick(problem.element);
  for (const [act, does] of [['undo', () => canvas.undo()], ['redo', () => canvas.redo()]]) {
    element.querySelector(`[data-act="${act}"]`)?.addEventListener('click', does);
  }
  await desk.open();
  place.classList.toggle('zp-looking', !desk.editable);
  element.editor = { desk, canvas };
  element.dataset.ready = 'true';
}
