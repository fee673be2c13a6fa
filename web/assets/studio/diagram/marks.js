// What the server's check found, on the drawing: the element is coloured, and a flag with the words hangs on it.

import { say } from '../../words.js';

const KIND = 'studio-problem';

export class Marks {
  constructor(modeler) {
    this.modeler = modeler;
    this.painted = [];
  }

  /** `problems`: [{ element, severity, text, remedy }]; what stands against no element that is drawn is left to the list beneath. */
  show(problems) {
    const { canvas, registry, overlays } = this._services();
    overlays.remove({ type: KIND });
    for (const [id, name] of this.painted) if (registry.get(id)) canvas.removeMarker(id, name);
    this.painted = [];
    for (const [id, found] of grouped(problems)) {
      const shape = registry.get(id);
      if (!shape || shape === canvas.getRootElement()) continue;
      const errors = found.filter((one) => one.severity === 'error').length;
      const name = errors ? 'error' : 'warning';
      canvas.addMarker(id, `zp-mark-${name}`);
      this.painted.push([id, `zp-mark-${name}`]);
      overlays.add(id, KIND, { position: shape.waypoints ? { top: 0, left: 0 } : { top: -14, left: 0 }, html: flag(name, errors, found), scale: { min: 0.9, max: 1.2 } });
    }
  }

  _services() {
    return { canvas: this.modeler.get('canvas'), registry: this.modeler.get('elementRegistry'), overlays: this.modeler.get('overlays') };
  }
}

function flag(name, errors, found) {
  const made = document.createElement('div');
  made.className = `zp-flag zp-flag-${name} zp-flag-problem`;
  const head = document.createElement('span');
  head.textContent = errors ? say('错误 {n}', { n: errors }) : say('提醒 {n}', { n: found.length });
  made.append(head);
  for (const { text, remedy } of found) {
    const line = document.createElement('p');
    line.textContent = [text, remedy].filter(Boolean).join(' ');
    made.append(line);
  }
  return made;
}

function grouped(problems) {
  const found = new Map();
  for (const problem of problems) if (problem.element) found.set(problem.element, [...(found.get(problem.element) ?? []), problem]);
  return found;
}
