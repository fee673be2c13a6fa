// What may be put on a form: the components our pages draw and forms/lint.py accepts, named in the language of the page. A new one
// begins with words that an official can read.

import { TYPE_NAMES } from '../words-form.js';

/** The types offered. A button is accepted in a file but the page has its own; see TYPES in forms/component.py. */
export const OFFERED = [
  'textfield', 'textarea', 'number', 'datetime', 'expression', 'filepicker', 'checkbox', 'checklist', 'radio', 'select', 'taglist',
  'text', 'image', 'table', 'separator', 'spacer', 'group', 'dynamiclist',
];
const UNKNOWN = ['html', 'iframe', 'documentPreview']; // a file with one of these opens as text only
const english = () => document.documentElement.lang.startsWith('en');

class OurFields {
  constructor(formFields) {
    const all = formFields._formFields;
    for (const type of UNKNOWN) delete all[type];
    for (const [type, { config }] of Object.entries(all)) {
      if (config.ours || type === 'default') continue;
      config.ours = true;
      if (!english()) config.name = TYPE_NAMES[type] ?? config.name ?? type;
      const { create, label } = config;
      config.create = (given = {}, fresh) => {
        const made = create(given, fresh);
        return fresh === false ? made : begun(type, made, given.label === label ? { ...given, label: undefined } : given);
      };
    }
    // a button stays known to the canvas, but the palette passes it over: it lists own enumerable entries
    Object.defineProperty(all, 'button', { value: all.button, enumerable: false });
  }
}
OurFields.$inject = ['formFields'];

/** A component just put on the form. */
function begun(type, made, given) {
  const begin = { ...made };
  if (english()) return begin;
  if (made.label && given.label === undefined) begin.label = TYPE_NAMES[type] ?? made.label;
  if (type === 'datetime' && given.dateLabel === undefined) begin.dateLabel = '日期';
  if (type === 'text' && given.text === undefined) begin.text = '在这里写说明。';
  if (Array.isArray(made.values) && !given.values) begin.values = [{ label: '选项一', value: 'option1' }];
  if (type === 'table' && Array.isArray(made.columns) && !given.columns) {
    begin.columns = made.columns.map((column, at) => ({ ...column, label: `第 ${at + 1} 列` }));
  }
  if (type === 'filepicker' && !given.properties) begin.properties = { why: '请写明为什么需要这份材料。' };
  return begin;
}

export const paletteModule = { __init__: ['ourFields'], ourFields: ['type', OurFields] };
