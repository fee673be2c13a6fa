// A text field for expressions: while a name is typed, the names that fit are offered with what they mean. Arrow keys choose, Enter or Tab
// takes, Escape closes, Ctrl and space asks for all of them.

import { html, useRef, useState } from '@bpmn-io/diagram-js-ui';

import { say } from '../../words.js';

const NAME = /[\p{L}_][\p{L}\p{N}_]*$/u; // what stands before the caret and may be the beginning of a name
const MOST = 12; // offered at once

/** `names`: [{ name, text, kind: "variable" | "function", parameters? }], those that come first are offered first. */
export function FeelInput({ id, value, rows = 1, names, described, onInput, onLeave }) {
  const area = useRef(null);
  const [offer, setOffer] = useState([]);
  const [at, setAt] = useState(0);
  const close = () => setOffer([]);

  const look = (all = false) => {
    const { value: text, selectionStart: caret } = area.current;
    const before = text.slice(0, caret);
    const begun = NAME.exec(before)?.[0] ?? '';
    const quoted = (before.match(/"/g) ?? []).length % 2 === 1;
    if (quoted || (!begun && !all)) return close();
    setAt(0);
    return setOffer(fitting(names, begun));
  };

  const take = (one) => {
    const { value: text, selectionStart: caret } = area.current;
    const begun = NAME.exec(text.slice(0, caret))?.[0] ?? '';
    const [before, after] = [text.slice(0, caret - begun.length), text.slice(caret)];
    const call = one.kind === 'function' && !after.startsWith('(');
    const put = `${one.name}${call ? '()' : ''}`;
    area.current.value = `${before}${put}${after}`;
    const place = before.length + put.length - (call && one.parameters?.length ? 1 : 0);
    area.current.setSelectionRange(place, place);
    area.current.focus();
    close();
    onInput(area.current.value);
  };

  const key = (event) => {
    if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault();
      return look(true);
    }
    if (!offer.length) return undefined;
    if (event.key === 'ArrowDown') setAt((at + 1) % offer.length);
    else if (event.key === 'ArrowUp') setAt((at + offer.length - 1) % offer.length);
    else if (event.key === 'Enter' || event.key === 'Tab') take(offer[at]);
    else if (event.key === 'Escape') close();
    else return undefined;
    event.preventDefault();
    return event.stopPropagation();
  };

  const chosen = offer[at];
  return html`<div class="zp-feel">
    <textarea ref=${area} class="form-control zp-feel-text" id=${id} rows=${Math.max(rows, Math.min(8, value.split('\n').length, ), Math.ceil(value.length / 34))} value=${value} spellcheck=${false} autocomplete="off"
      aria-autocomplete="list" aria-controls=${`${id}-offer`} aria-activedescendant=${chosen ? `${id}-offer-${at}` : undefined} aria-describedby=${described}
      onInput=${(event) => { onInput(event.target.value); look(); }} onKeyDown=${key} onBlur=${() => { close(); onLeave(); }}></textarea>
    <ul class="zp-feel-offer" id=${`${id}-offer`} role="listbox" aria-label=${say('可用的名称')} hidden=${offer.length === 0}>
      ${offer.map((one, index) => html`<li key=${one.name} id=${`${id}-offer-${index}`} role="option" aria-selected=${index === at ? 'true' : 'false'} onMouseDown=${(event) => { event.preventDefault(); take(one); }}>
        <code>${one.kind === 'function' ? `${one.name}(${(one.parameters ?? []).join(', ')})` : one.name}</code>${one.text && html`<span>${one.text}</span>`}</li>`)}
    </ul>
  </div>`;
}

function fitting(names, begun) {
  const wanted = begun.toLowerCase();
  const rank = ({ name }) => (name.toLowerCase().startsWith(wanted) ? 0 : name.toLowerCase().includes(wanted) ? 1 : 2);
  return names.filter((one) => rank(one) < 2 && one.name !== begun).sort((a, b) => rank(a) - rank(b)).slice(0, MOST);
}
