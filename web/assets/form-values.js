// What a form holds, read from the page by data-path and data-type: twice, once as typed (for a draft), once as FEEL sees it.

/** Fields of one scope: [{key, element, type}] in order; groups without a path are looked through, rows and groups are not. */
function members(scope) {
  const found = [];
  const walk = (parent) => {
    for (const child of parent.children) {
      if (child.matches('template, [data-row]')) continue;
      if (child.dataset.type && child.dataset.path) {
        found.push({ key: child.dataset.path.split(/[.\]]/).filter(Boolean).pop(), element: child, type: child.dataset.type });
      } else {
        walk(child);
      }
    }
  };
  walk(scope);
  return found;
}

/** The rows of a list field, in order. */
export function rowsOf(element) {
  const holder = element.querySelector('[data-rows]');
  return holder ? [...holder.children].filter((one) => one.matches('[data-row]')) : [];
}

const inputs = (element) => [...element.querySelectorAll('input, select, textarea')].filter((one) => one.name && !one.name.startsWith('_'));

function typed(element, type) {
  const found = inputs(element);
  switch (type) {
    case 'checkbox':
      return found.some((one) => one.checked);
    case 'radio':
      return found.find((one) => one.checked)?.value;
    case 'checklist':
    case 'taglist':
      return found.filter((one) => one.checked).map((one) => one.value);
    case 'filepicker':
      return found.filter((one) => one.type === 'checkbox' && one.checked).map((one) => one.value);
    default:
      return found[0]?.value;
  }
}

/** The data as it was typed, in the shape that the server makes of a submission: blank texts are left out. */
export function raw(scope) {
  const out = {};
  for (const { key, element, type } of members(scope)) {
    if (type === 'group') out[key] = raw(element);
    else if (type === 'dynamiclist') out[key] = rowsOf(element).map(raw);
    else if (inputs(element).length) {
      const value = typed(element, type);
      if (value !== undefined && value !== '') out[key] = value;
    }
  }
  return out;
}

// as FEEL sees it //////////////////////////////////////////////////

function converted(value, element, type) {
  if (type === 'checkbox') return value === true;
  if (value === undefined || (typeof value === 'string' && !value.trim()) || (Array.isArray(value) && !value.length)) return null;
  if (type === 'number') {
    const text = value.normalize('NFKC').trim().replace(/\u2212/g, '-').replace(/[,，]/g, '');
    return /^[+-]?\d{1,18}(\.\d{1,15})?$/.test(text) ? Number(text) : null;
  }
  if (type === 'datetime') return temporal(value, element.dataset.subtype);
  if (type === 'radio' || type === 'select') return choice(value);
  if (Array.isArray(value)) return type === 'filepicker' ? value : value.map(choice);
  return typeof value === 'string' ? value.trim() : value;
}

/** Options send text; the expression may compare with the number or the yes and no that the option stands for. */
function choice(value) {
  if (value === 'true' || value === 'false') return value === 'true';
  return value;
}

function temporal(value, subtype) {
  const text = value.normalize('NFKC').trim();
  if (subtype === 'time') return /^\d\d:\d\d(:\d\d)?$/.test(text) ? text.padEnd(8, ':00') : null;
  if (subtype === 'datetime') return /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d$/.test(text) ? `${text.replace(' ', 'T')}:00+08:00` : null;
  const found = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(text);
  return found ? `${found[1]}-${found[2].padStart(2, '0')}-${found[3].padStart(2, '0')}` : null;
}

const empty = (value) => value === null || value === false || value === undefined
  || (Array.isArray(value) ? value.every(empty) : typeof value === 'object' && Object.values(value).every(empty));

/** Every declared key: null where blank or hidden, [] for lists; rows in which nothing is filled in are left out. */
export function seen(scope) {
  const out = {};
  for (const { key, element, type } of members(scope)) {
    if (type === 'group') out[key] = isHidden(element) ? {} : seen(element);
    else if (type === 'dynamiclist') out[key] = isHidden(element) ? [] : rowsOf(element).map(seen).filter((row) => !empty(row));
    else if (!inputs(element).length) continue; // read-only: its value stands in data-context
    else if (isHidden(element)) out[key] = ['checklist', 'taglist', 'filepicker'].includes(type) ? [] : null;
    else out[key] = converted(typed(element, type), element, type) ?? (['checklist', 'taglist', 'filepicker'].includes(type) ? [] : null);
  }
  return out;
}

function isHidden(element) {
  return element.closest('[hidden]') !== null;
}
