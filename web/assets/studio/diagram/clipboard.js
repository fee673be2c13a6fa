// What was copied is kept in the browser, so that it can be pasted in another tab: into another diagram, or another state of this one.

const PLACE = 'zhiping.diagram.copied';

class SharedClipboard {
  constructor(eventBus, moddle, clipboard) {
    this.moddle = moddle;
    this.clipboard = clipboard;
    this.known = null; // the text that the clipboard of this tab was last equal to
    eventBus.on('copyPaste.elementsCopied', ({ tree }) => this.keep(tree));
    eventBus.on('copyPaste.pasteElements', 5000, () => this.fetch());
    const look = () => this.fetch();
    window.addEventListener('focus', look);
    window.addEventListener('storage', look);
    eventBus.on('diagram.destroy', () => {
      window.removeEventListener('focus', look);
      window.removeEventListener('storage', look);
    });
    this.fetch();
  }

  keep(tree) {
    const text = JSON.stringify(tree, withSpaces);
    this.known = text;
    try {
      localStorage.setItem(PLACE, text);
    } catch (error) {
      if (error.name !== 'QuotaExceededError' && error.name !== 'SecurityError') throw error;
      // no room, or storage is forbidden: pasting works in this tab alone
    }
  }

  fetch() {
    let text = null;
    try {
      text = localStorage.getItem(PLACE);
    } catch (error) {
      if (error.name !== 'SecurityError') throw error;
    }
    if (!text || text === this.known) return;
    this.known = text;
    this.clipboard.set(JSON.parse(text, reviver(this.moddle)));
  }
}
SharedClipboard.$inject = ['eventBus', 'moddle', 'clipboard'];

/** An extension that nobody here knows takes the address of its name space along. */
function withSpaces(key, value) {
  return value?.$descriptor?.isGeneric ? { ...value, $space: value.$descriptor.ns.uri } : value;
}

/** JSON knows no types: whatever says `$type` becomes an element of the model again, and the same id the same element. */
function reviver(moddle) {
  const made = new Map();
  return (key, value) => {
    if (value === null || typeof value !== 'object' || typeof value.$type !== 'string') return value;
    if (value.id && made.has(value.id)) return made.get(value.id);
    const { $type: type, $space: space, ...given } = value;
    const element = space === undefined ? moddle.create(type, given) : moddle.createAny(type, space, given);
    if (value.id) made.set(value.id, element);
    return element;
  };
}

export const clipboardModule = { __init__: ['sharedClipboard'], sharedClipboard: ['type', SharedClipboard] };
