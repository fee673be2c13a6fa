// Marks elements that others draw and draw again: by a style sheet of our own, made of their ids. The CSP allows a constructed sheet.

/** `selector` has `$` where the id goes. Returns mark(problems); each call replaces what was marked before. */
export function highlighter(selector) {
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  return (problems) => {
    const severe = new Map();
    for (const { element, severity } of problems) {
      if (element && severe.get(element) !== 'error') severe.set(element, severity === 'error' ? 'error' : 'warning');
    }
    const rules = [...severe].map(([element, severity]) => {
      const colour = severity === 'error' ? '--zp-red' : '--zp-amber';
      return `${selector.replaceAll('$', () => CSS.escape(element))} { box-shadow: inset 0 0 0 2px var(${colour}); background-color: var(${colour}-tint); }`;
    });
    sheet.replaceSync(rules.join('\n'));
  };
}
