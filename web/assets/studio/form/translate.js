// form-js cannot be told another language. It draws with preact, so every word it shows passes through `options.vnode` of the one
// preact that the editor and its viewer share (see build.mjs): there the words of words-form.js are put in.
//
// Only what stands in the page's own elements is looked up, by the whole text, so an owner's label is left alone unless it is
// exactly one of form-js' English words.

import flatpickr from 'flatpickr';
import { Mandarin } from 'flatpickr/dist/l10n/zh.js';
import { options } from 'preact';

import { FORM_WORDS, PATTERNS } from '../words-form.js';

const SPOKEN = ['title', 'placeholder', 'aria-label', 'alt', 'label'];

/** The Chinese of one of form-js' own texts, else the text as it is. */
export function chinese(text) {
  const bare = text.trim();
  if (!/[A-Za-z]/.test(bare)) return text;
  const known = FORM_WORDS[bare];
  if (known) return text.replace(bare, () => known);
  for (const [pattern, words] of PATTERNS) if (pattern.test(bare)) return bare.replace(pattern, words);
  return text;
}

const translated = (child) => (typeof child === 'string' ? chinese(child) : Array.isArray(child) ? child.map(translated) : child);

/** From now on form-js speaks the language of the page. It makes some of its texts while it is loaded: this module comes before it. */
function speak() {
  if (document.documentElement.lang.startsWith('en')) return;
  flatpickr.localize({ ...Mandarin, monthAriaLabel: '月', yearAriaLabel: '年', hourAriaLabel: '时', minuteAriaLabel: '分' });
  const before = options.vnode;
  options.vnode = (node) => {
    const { props } = node;
    // a component may hand on what it got to something that is not preact's, so components are spoken to as elements are
    for (const name of SPOKEN) if (typeof props?.[name] === 'string') props[name] = chinese(props[name]);
    if (props?.children !== undefined) props.children = translated(props.children);
    before?.(node);
  };
}

speak();
