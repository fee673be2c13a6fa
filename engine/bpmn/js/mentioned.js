// The names an expression mentions, read from its syntax tree (lezer-feel): for a check that runs nothing.

/**
 * What an expression mentions from outside of it: {read: [[name, name behind its dot or null, inside a filter]], called: [function]}.
 * A name inside a filter may also be one of the filtered items' own.
 */
export function mentioned(top, source) {
  const read = [], called = [];
  const text = (node) => source.slice(node.from, node.to);
  const below = (node) => {
    const children = [];
    for (let child = node.firstChild; child; child = child.nextSibling) children.push(child);
    return children;
  };
  const named = (node) => text(node).replace(/^"|"$/g, '');
  const walk = (node, bound, filtered, next = null) => {
    const children = below(node);
    const all = (list, names = bound) => list.forEach((child) => walk(child, names, filtered));
    switch (node.name) {
      case 'VariableName':
        if (!bound.has(text(node)) && text(node) !== '?') read.push([text(node), next, filtered]);
        return;
      case 'QualifiedName': // of a type
      case 'PathName':
        return;
      case 'PathExpression': {
        const path = children.find((child) => child.name === 'PathName');
        walk(children[0], bound, filtered, path ? named(path) : null);
        return;
      }
      case 'FunctionInvocation':
        if (children[0].name === 'VariableName' && !bound.has(text(children[0]))) called.push(text(children[0]));
        else walk(children[0], bound, filtered);
        all(children.slice(1));
        return;
      case 'FilterExpression':
        walk(children[0], bound, filtered);
        for (const child of children.slice(1)) walk(child, new Set([...bound, 'item']), true);
        return;
      case 'FunctionDefinition': {
        const names = [];
        node.cursor().iterate((ref) => { if (ref.name === 'ParameterName') names.push(text(ref)); });
        all(children.filter((child) => child.name === 'FunctionBody'), new Set([...bound, ...names]));
        return;
      }
      case 'ForExpression':
      case 'QuantifiedExpression': {
        let names = new Set([...bound, 'partial']);
        for (const child of children) {
          if (child.name !== 'InExpressions') {
            walk(child, names, filtered);
            continue;
          }
          for (const one of below(child)) {
            const [name, ...rest] = below(one);
            if (!name) continue;
            all(rest, names);
            names = new Set([...names, text(name)]);
          }
        }
        return;
      }
      case 'Context': {
        let names = bound;
        for (const child of children) {
          const [key, ...rest] = below(child);
          if (child.name !== 'ContextEntry' || !key) continue;
          all(rest, names);
          names = new Set([...names, named(key)]);
        }
        return;
      }
      default:
        all(children);
    }
  };
  walk(top, new Set(), false);
  return { read, called };
}

/** The keys of an expression that is a context written out, else none. */
export function writtenKeys(top, source) {
  const context = top.firstChild;
  if (context?.name !== 'Context') return [];
  return context.getChildren('ContextEntry').map((entry) => {
    const key = entry.getChild('Key');
    return source.slice(key.from, key.to).replace(/^"|"$/g, '');
  });
}
