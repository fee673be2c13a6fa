// form-js cannot be told another language. It draws with preact, so every word it shows passes through `options.vnode` of the one
// preact that the editor and its viewer share (see build.mjs): there the words of words-form.js are put in.
//
// Only what stands in the page's own elements is looked up, by the whole text, so an owner's label is left alone unless it is
// exactly one of form-js' English words.

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

/** From now on form-js speaks the language of the page. */
export function speak() {
  if (document.documentElement.lang.startsWith('en')) return;
  const before = options.vnode;
  options.vnode = (node) => {
    const { type, props } = node;
    if (typeof type === 'string' && props) {
      for (const name of SPOKEN) if (typeof props[name] === 'string') props[name] = chinese(props[name]);
      if (props.children !== undefined) props.children = translated(props.children);
    }
    before?.(node);
  };
}
