// What bpmn-js leaves to do at its two sets of small pictures: the palette says aloud what an entry is but shows no tip, and the menu beside an
// element is asked in a way that bpmn-js itself still uses and diagram-js warns of.

import ContextPad from 'diagram-js/lib/features/context-pad/ContextPad';

class Pad extends ContextPad {
  getPad(target) {
    return { html: this.isOpen(target) ? this._current.html : this._createHtml(target) };
  }
}
Pad.$inject = ContextPad.$inject;

function tips(eventBus, canvas) {
  eventBus.on('palette.changed', () => {
    for (const entry of canvas.getContainer().querySelectorAll('.djs-palette .entry[aria-label]')) entry.title = entry.getAttribute('aria-label');
  });
}
tips.$inject = ['eventBus', 'canvas'];

export const padsModule = { __init__: [tips], contextPad: ['type', Pad] };
