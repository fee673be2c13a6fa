// The fields of the panel. What a field is, is said by plain values:
//
//   { id, kind, label, slot: { value, write }, help?, … }
//   kind: text (list, check) | area (rows) | feel | choice (options, none, link; an option with `label` is shown by it alone) | many (options) | manyOrFeel | valueOrFeel | due | flag | note | rows
//
// A text is written into the drawing half a second after the last key and when the field is left, so that one thought is one step of undo.

import { html, useEffect, useRef, useState } from '@bpmn-io/diagram-js-ui';

import { say } from '../../words.js';
import { FeelInput } from './feel-input.js';
import { expressionIn, feel, namesIn } from './slots.js';

const PAUSE = 500; // milliseconds
const WORKDAYS = /^=\s*workday_deadline\(\s*now\(\)\s*,\s*(\d{1,3})\s*\)\s*$/;

const waiting = new Set(); // what is typed and not written yet

/** Write at once what is still being typed, for whoever reads the drawing now. */
export function flush() {
  for (const one of [...waiting]) one.flush();
}

export function Field({ field, names }) {
  const Kind = KINDS[field.kind];
  return html`<${Kind} field=${field} names=${names} />`;
}

/** What is being typed, and what it is to become. `write` may answer with a sentence that says why not. */
export function useTyping(slot, check) {
  const [typed, setTyped] = useState(slot.value);
  const [wrong, setWrong] = useState('');
  const state = useRef({ last: slot.value, timer: 0, slot });
  state.current.slot = slot;
  useEffect(() => {
    if (slot.value === state.current.last) return;
    state.current.last = slot.value; // undone, or changed by the drawing itself
    setTyped(slot.value);
    setWrong('');
  }, [slot.value]);
  const keep = (text) => {
    clearTimeout(state.current.timer);
    state.current.timer = 0;
    waiting.delete(state.current);
    if (text === state.current.last) return setWrong('');
    const why = check?.(text) ?? '';
    setWrong(why);
    if (why) return undefined;
    state.current.last = text;
    return state.current.slot.write(text);
  };
  const pending = useRef(null);
  pending.current = () => state.current.timer && keep(typed);
  useEffect(() => () => pending.current?.(), []); // another element was selected before the pause was over
  return {
    typed,
    wrong,
    type: (text) => {
      setTyped(text);
      clearTimeout(state.current.timer);
      state.current.flush = () => keep(text);
      waiting.add(state.current);
      state.current.timer = setTimeout(() => keep(text), PAUSE);
    },
    leave: () => keep(typed),
  };
}

export function Frame({ field, wrong, children }) {
  const described = [field.help && `${field.id}-help`, wrong && `${field.id}-wrong`].filter(Boolean).join(' ');
  return html`<div class="zp-prop-field" data-field=${field.id}>
    <label for=${`${field.id}-input`}>${field.label}</label>
    ${children(described || undefined)}
    ${wrong && html`<p class="zp-prop-wrong" id=${`${field.id}-wrong`} role="alert">${wrong}</p>`}
    ${field.help && html`<p class="zp-prop-help" id=${`${field.id}-help`}>${field.help}</p>`}
  </div>`;
}

function Text({ field }) {
  const { typed, wrong, type, leave } = useTyping(field.slot, field.check);
  return html`<${Frame} field=${field} wrong=${wrong}>${(described) => html`
    <input class="form-control" id=${`${field.id}-input`} type=${field.number ? 'number' : 'text'} value=${typed} list=${field.list ? `${field.id}-list` : undefined} aria-describedby=${described}
      aria-invalid=${wrong ? 'true' : undefined} autocomplete="off" spellcheck=${false} onInput=${(event) => type(event.target.value)} onBlur=${leave} />
    ${field.list && html`<datalist id=${`${field.id}-list`}>${field.list.map((one) => html`<option value=${one} />`)}</datalist>`}`}<//>`;
}

function Area({ field }) {
  const { typed, wrong, type, leave } = useTyping(field.slot, field.check);
  return html`<${Frame} field=${field} wrong=${wrong}>${(described) => html`
    <textarea class="form-control" id=${`${field.id}-input`} rows=${field.rows ?? 3} value=${typed} aria-describedby=${described} onInput=${(event) => type(event.target.value)} onBlur=${leave}></textarea>`}<//>`;
}

function FeelField({ field, names }) {
  const { typed, type, leave } = useTyping(field.slot);
  return html`<${Frame} field=${field}>${(described) => html`
    <${FeelInput} id=${`${field.id}-input`} rows=${field.rows} value=${typed} names=${names} described=${described} onInput=${type} onLeave=${leave} />`}<//>`;
}

/** `options`: [{ key, name, group? }]. A value that is no option stays, and is said to be unknown. `link(value)`: { href, text }. */
function Choice({ field }) {
  const value = field.slot.value;
  const unknown = value && !field.options.some((one) => one.key === value);
  const link = field.link?.(unknown ? '' : value);
  const groups = [...new Set(field.options.map((one) => one.group ?? ''))];
  const option = (one) => html`<option value=${one.key} selected=${one.key === value}>${one.label ?? named(one)}</option>`;
  return html`<${Frame} field=${field}>${(described) => html`
    <select class="form-select" id=${`${field.id}-input`} aria-describedby=${described} onChange=${(event) => field.slot.write(event.target.value)}>
      ${field.none !== false && html`<option value="" selected=${!value}>${field.none ?? say('（没有）')}</option>`}
      ${unknown && html`<option value=${value} selected>${say('{name}（这一版里没有）', { name: value })}</option>`}
      ${groups.map((group) => {
        const inside = field.options.filter((one) => (one.group ?? '') === group).map(option);
        return group ? html`<optgroup label=${group}>${inside}</optgroup>` : inside;
      })}
    </select>
    ${link && html`<a class="zp-prop-link" href=${link.href}>${link.text}</a>`}`}<//>`;
}

function named({ key, name }) {
  return name === key ? key : say('{name}（{key}）', { name, key });
}

/** Several of a list, kept as names with commas between them. */
function Many({ field }) {
  const chosen = namesIn(field.slot.value);
  const write = (names) => field.slot.write(names.join(', '));
  const found = (key) => field.options.find((one) => one.key === key);
  const nameOf = (key) => found(key)?.name ?? say('{name}（这一版里没有）', { name: key });
  const left = field.options.filter((one) => !chosen.includes(one.key));
  return html`<${Frame} field=${field}>${(described) => html`
    ${chosen.length > 0 && html`<ul class="zp-prop-chosen">${chosen.map((key) => html`<li key=${key}><span>${found(key)?.href ? html`<a href=${found(key).href}>${found(key).label ?? nameOf(key)}</a>` : nameOf(key)}</span>
      <button type="button" aria-label=${say('去掉{name}', { name: nameOf(key) })} title=${say('去掉{name}', { name: nameOf(key) })} onClick=${() => write(chosen.filter((one) => one !== key))}>×</button></li>`)}</ul>`}
    <select class="form-select" id=${`${field.id}-input`} aria-describedby=${described} value="" onChange=${(event) => {
      if (event.target.value) write([...chosen, event.target.value]);
      event.target.value = '';
    }}>
      <option value="">${chosen.length ? say('再加一个…') : (field.none ?? say('选择…'))}</option>
      ${left.map((one) => html`<option value=${one.key}>${one.label ?? named(one)}</option>`)}
    </select>`}<//>`;
}

/** Two ways to say it: from a list (or as it stands), or computed. Which of them is seen in the value. */
function either(Plain) {
  return function Either({ field, names }) {
    const inner = expressionIn(field.slot.value);
    const [wanted, setWanted] = useState(null); // what was chosen while nothing is written yet
    const computed = inner !== null || (field.slot.value === '' && wanted === 'feel');
    const turn = (to) => {
      setWanted(to);
      if (field.slot.value) field.slot.write('');
    };
    return html`<div class="zp-prop-either">
      ${computed ? html`<${FeelField} field=${{ ...field, slot: feel(field.slot, false) }} names=${names} />` : html`<${Plain} field=${field} names=${names} />`}
      <button type="button" class="zp-prop-turn" onClick=${() => turn(computed ? 'plain' : 'feel')}>${computed ? (field.plainWords ?? say('改为从列表选')) : (field.feelWords ?? say('改为用表达式算出'))}</button>
    </div>`;
  };
}

/** A date by which: so many working days, an expression, or none. */
function Due({ field, names }) {
  const days = WORKDAYS.exec(field.slot.value)?.[1];
  const [wanted, setWanted] = useState(null);
  const now = days !== undefined ? 'days' : field.slot.value ? 'other' : '';
  const kind = now || wanted || '';
  const asDays = {
    value: days ?? '',
    write: (text) => field.slot.write(text.trim() === '' ? '' : `=workday_deadline(now(), ${Number(text)})`),
  };
  const inner = expressionIn(field.slot.value);
  const other = inner === null && field.slot.value ? field.slot : feel(field.slot, false);
  const choose = (to) => {
    setWanted(to);
    if (to === 'days' && now !== 'days') field.slot.write('=workday_deadline(now(), 5)');
    else if (to !== now) field.slot.write('');
  };
  return html`<fieldset class="zp-prop-due" data-field=${field.id}><legend>${field.label}</legend>
    <select class="form-select" id=${`${field.id}-input`} aria-label=${field.label} onChange=${(event) => choose(event.target.value)}>
      <option value="" selected=${kind === ''}>${say('没有期限')}</option>
      <option value="days" selected=${kind === 'days'}>${say('到达后若干个工作日')}</option>
      <option value="other" selected=${kind === 'other'}>${say('日期，或用表达式算出')}</option>
    </select>
    ${kind === 'days' && html`<${Text} field=${{ id: `${field.id}-days`, label: say('工作日数'), number: true, slot: asDays, check: (text) => (/^\s*\d{0,3}\s*$/.test(text) ? '' : say('请填整数，如 5。')) }} />`}
    ${kind === 'other' && html`<${FeelField} field=${{ id: `${field.id}-feel`, label: say('日期或表达式'), slot: other, help: say('例：add_workdays(held_on, -1)，即开会日之前一个工作日；也可以写某个变量名。') }} names=${names} />`}
    ${field.help && html`<p class="zp-prop-help">${field.help}</p>`}
  </fieldset>`;
}

function Flag({ field }) {
  return html`<div class="zp-prop-field" data-field=${field.id}><label class="form-check">
    <input class="form-check-input" type="checkbox" id=${`${field.id}-input`} checked=${field.slot.value} aria-describedby=${field.help ? `${field.id}-help` : undefined} onChange=${(event) => field.slot.write(event.target.checked)} />
    <span class="form-check-label">${field.label}</span></label>
    ${field.help && html`<p class="zp-prop-help" id=${`${field.id}-help`}>${field.help}</p>`}</div>`;
}

function Note({ field }) {
  return html`<div class="zp-prop-note" data-field=${field.id}>${field.label && html`<p>${field.label}</p>`}${field.code && html`<code>${field.code}</code>`}</div>`;
}

/** A list of small groups of fields. `items`: [{ id, title, fields, remove }], `add`: [{ text, act }]. */
function Rows({ field, names }) {
  return html`<div class="zp-prop-rows" data-field=${field.id}>${field.label && html`<p class="zp-prop-label">${field.label}</p>`}
    ${field.items.map((item) => html`<fieldset key=${item.id} class="zp-prop-row"><legend>${item.title}</legend>
      ${item.fields.map((one) => html`<${Field} key=${one.id} field=${one} names=${names} />`)}
      ${item.remove && html`<button type="button" class="zp-prop-turn" onClick=${item.remove}>${say('去掉{name}', { name: item.title })}</button>`}</fieldset>`)}
    ${(field.add ?? []).map((one) => html`<button type="button" class="btn btn-sm" onClick=${one.act}>${one.text}</button>`)}
    ${field.help && html`<p class="zp-prop-help">${field.help}</p>`}</div>`;
}

const KINDS = {
  text: Text,
  area: Area,
  feel: FeelField,
  choice: Choice,
  many: Many,
  manyOrFeel: either(Many),
  valueOrFeel: either(Text),
  due: Due,
  flag: Flag,
  note: Note,
  rows: Rows,
};
