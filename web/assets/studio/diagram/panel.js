// The panel beside the drawing: what the selected element says, in fields. What is shown is asked of sections.js each time the selection or
// the element changes; whoever types goes on typing, because fields are known by their ids.

import { html, render, useEffect, useState } from '@bpmn-io/diagram-js-ui';
import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';

import { say } from '../../words.js';
import { Field } from './fields.js';
import { sectionsOf } from './sections.js';
import { kindOf } from './kinds.js';

/** Draws the panel into `parent` and keeps it in step with the drawing. `office`: what this release knows (known.js). */
export function panel(modeler, parent, office) {
  render(html`<${Panel} modeler=${modeler} office=${office} />`, parent);
  modeler.get('eventBus').on('diagram.destroy', () => render(null, parent));
}

function Panel({ modeler, office }) {
  const [, again] = useState(0);
  const [chosen, setChosen] = useState([]);
  const [closed, setClosed] = useState(() => new Set());
  useEffect(() => {
    const bus = modeler.get('eventBus');
    const redraw = () => again((n) => n + 1);
    const select = ({ newSelection }) => setChosen(newSelection);
    const imported = () => { setChosen([]); redraw(); };
    bus.on('selection.changed', select);
    bus.on(['commandStack.changed', 'root.set'], redraw);
    bus.on('import.done', imported);
    return () => {
      bus.off('selection.changed', select);
      bus.off(['commandStack.changed', 'root.set'], redraw);
      bus.off('import.done', imported);
    };
  }, [modeler]);

  if (chosen.length > 1) return html`<p class="zp-prop-empty">${say('选中了 {n} 个元素。请只选一个，再看它的属性。', { n: chosen.length })}</p>`;
  const element = subject(modeler, chosen[0]);
  if (!element) return html`<p class="zp-prop-empty">${say('在图上点一个元素，这里就显示它的属性。')}</p>`;
  const bo = getBusinessObject(element);
  const names = office.namesFor(element);
  const turn = (id) => (event) => {
    const next = new Set(closed);
    if (event.target.open) next.delete(id);
    else next.add(id);
    if (next.size !== closed.size) setClosed(next);
  };
  return html`<div class="zp-prop-inside" key=${element.id}>
    <header class="zp-prop-head"><p>${kindOf(element)}</p><h2>${bo.name || bo.processRef?.name || say('（没有名称）')}</h2></header>
    ${sectionsOf({ modeler, element, office }).map((section) => html`<details key=${section.id} class="zp-prop-section" data-section=${section.id} open=${!closed.has(section.id)} onToggle=${turn(section.id)}>
      <summary>${section.title}</summary>
      <div>${section.fields.map((field) => html`<${Field} key=${field.id} field=${field} names=${names} />`)}</div>
    </details>`)}
  </div>`;
}

/** Whose properties are shown: of a label its element, of nothing the process, where there is only one. */
function subject(modeler, element) {
  const registry = modeler.get('elementRegistry');
  const chosen = element?.labelTarget ?? element;
  if (chosen && registry.get(chosen.id)) return chosen;
  const root = modeler.get('canvas').getRootElement();
  if (!root || root.isImplicit) return null;
  if (!is(root, 'bpmn:Collaboration')) return root;
  const pools = registry.filter((one) => is(one, 'bpmn:Participant') && !one.labelTarget && getBusinessObject(one).processRef);
  return pools.length === 1 ? pools[0] : root;
}
