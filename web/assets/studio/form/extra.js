// What our forms know beyond form-js: why we ask, help, height, rows, columns (EXTENSIONS in forms/component.py), and a `required`
// that may be a condition. Drawn with the panel's own classes; each field is a plain labelled input.

import { h } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { say } from '../../words.js';

const LISTS = ['dynamiclist', 'checklist', 'taglist', 'filepicker'];
const INPUTS = ['textfield', 'textarea', 'number', 'datetime', 'filepicker', 'checkbox', 'checklist', 'radio', 'select', 'taglist'];
/** Entries of form-js that our pages do not know: they would promise what staff never see. */
const DROPPED = ['searchable', 'verticalAlignment', 'disableCollapse', 'nonCollapsedItems', 'time-format', 'versionTag', 'pagination', 'rowCount', 'required', 'columns'];
const GONE = ['custom-values', 'layout', 'securityAttributes'];

/** name, types it is for, label, what stands under it, more lines than one */
const fields = () => [
  ['why', INPUTS, say('为什么要问这一项'), say('办理人看得到；上传文件必须写明。'), true],
  ['help', INPUTS, say('更多说明'), say('折叠在这一项下面。'), true],
  ['rows', ['textarea'], say('几行高'), say('2 至 30')],
  ['suggestions', ['textfield'], say('可选的填法'), say('用逗号分开；也可以填别的。')],
  ['autocomplete', ['textfield'], say('浏览器自动填写'), say('name（姓名）、tel（电话）、email（邮箱）等')],
  ['patternMessage', ['textfield'], say('不符合式样时的提示'), ''],
  ['min', ['datetime'], say('最早'), say('例如 2026-06-01，或以 = 开头的 FEEL 表达式')],
  ['max', ['datetime'], say('最晚'), say('例如 2026-06-01，或以 = 开头的 FEEL 表达式')],
  ['itemLabel', ['dynamiclist'], say('每一行叫什么'), say('例如“代表作”：用在标题和“添加”按钮上。')],
  ['columns', ['group', 'dynamiclist'], say('宽屏上并排几列'), say('1 至 4')],
  ['minItems', LISTS, say('至少几项'), say('数字，或以 = 开头的 FEEL 表达式')],
  ['maxItems', LISTS, say('最多几项'), say('数字，或以 = 开头的 FEEL 表达式')],
  ['accept', ['filepicker'], say('接受哪些文件'), say('例如 .pdf,.jpg,.png')],
];

function Entry({ id, label, hint, children }) {
  return h('div', { class: 'bio-properties-panel-entry', 'data-entry-id': id }, h('div', { class: 'bio-properties-panel-textfield' },
    h('label', { for: `ours-${id}`, class: 'bio-properties-panel-label' }, label), children,
    hint && h('div', { class: 'bio-properties-panel-description' }, hint)));
}

/** An input that tells of a change when it is left or after a pause, as one step to undo. */
function Typed({ id, value, change, many }) {
  const [typed, type] = useState(value);
  useEffect(() => type(value), [value]);
  useEffect(() => {
    if (typed === value) return undefined;
    const later = setTimeout(() => change(typed), 400);
    return () => clearTimeout(later);
  }, [typed]);
  const events = { id: `ours-${id}`, value: typed, onInput: (event) => type(event.target.value), onBlur: () => typed !== value && change(typed) };
  return many
    ? h('textarea', { ...events, class: 'bio-properties-panel-input', rows: 2 })
    : h('input', { ...events, class: 'bio-properties-panel-input', type: 'text', autocomplete: 'off', spellcheck: false });
}

function Extension({ id, element: field, edit, name, label, hint, many }) {
  const held = field.properties?.[name];
  const change = (text) => {
    const { [name]: _, ...others } = field.properties ?? {};
    const number = typeof held === 'number' && /^\d+$/.test(text) ? Number(text) : text;
    edit(field, ['properties'], text === '' ? (Object.keys(others).length ? others : undefined) : { ...(field.properties ?? {}), [name]: number });
  };
  return h(Entry, { id, label, hint }, h(Typed, { id, value: held === undefined ? '' : String(held), change, many }));
}

function Title({ id, element: field, edit }) {
  const change = (text) => edit(field, ['title'], text || undefined);
  return h(Entry, { id, label: say('表单的标题'), hint: say('任务清单和页面上看到的名称。') }, h(Typed, { id, value: field.title ?? '', change }));
}

function Required({ id, element: field, edit }) {
  const held = field.validate?.required;
  const kind = typeof held === 'string' ? 'when' : held ? 'yes' : 'no';
  const put = (value) => {
    const { required: _, ...others } = field.validate ?? {};
    edit(field, ['validate'], value === undefined ? others : { ...(field.validate ?? {}), required: value });
  };
  const choose = (event) => put({ yes: true, when: typeof held === 'string' ? held : '=true' }[event.target.value]);
  const option = (value, words) => h('option', { value, selected: kind === value }, words);
  return [
    h(Entry, { id, label: say('必填') }, h('select', { id: `ours-${id}`, class: 'bio-properties-panel-input', onChange: choose, value: kind },
      option('no', say('不必填')), option('yes', say('必填')), option('when', say('满足条件时必填')))),
    kind === 'when' && h(Entry, { id: `${id}-when`, label: say('何时必填（FEEL 条件）'), hint: say('例如 =decision = "reject"') },
      h(Typed, { id: `${id}-when`, value: held, change: (text) => put(text.startsWith('=') ? text : `=${text}`) })),
  ];
}

/** Two entries for one thing are one too many: a file that says `accept` in form-js' way keeps form-js' entry. */
function kept(entry, field) {
  return !DROPPED.includes(entry.id) && (entry.id !== 'accept' || field.accept !== undefined);
}

class OurProperties {
  constructor(propertiesPanel) {
    propertiesPanel.registerProvider(this, 400); // after form-js' own
  }

  getGroups(field, edit) {
    return (groups) => {
      if (!field) return groups;
      const left = groups
        .filter((group) => !GONE.includes(group.id))
        .map((group) => (group.entries ? { ...group, entries: group.entries.filter((entry) => kept(entry, field)) } : group));
      if (field.type === 'default') left.find((group) => group.id === 'general')?.entries.unshift({ id: 'form-title', component: Title, edit });
      if (INPUTS.includes(field.type)) {
        const required = { id: 'ours-required', component: Required, edit };
        const rules = left.find((group) => group.id === 'validation');
        if (rules) rules.entries.unshift(required);
        else left.push({ id: 'validation', label: say('填写要求'), entries: [required] });
      }
      const own = fields().filter(([, types]) => types.includes(field.type))
        .map(([name, , label, hint, many]) => ({ id: `ours-${name}`, component: Extension, edit, name, label, hint, many }));
      if (own.length) left.splice(1, 0, { id: 'ours', label: say('给办理人的帮助'), entries: own });
      return left.filter((group) => group.items || group.entries?.length);
    };
  }
}
OurProperties.$inject = ['propertiesPanel'];

export const extraModule = { __init__: ['ourProperties'], ourProperties: ['type', OurProperties] };
