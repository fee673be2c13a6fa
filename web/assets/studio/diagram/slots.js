// Where the values of an element stand in its XML. A slot is `{ value, write(text) }`: `value` is the text as it is now ('' where there
// is none), `write` puts another in one step that can be undone; '' takes it out, with what it alone kept alive.

import { getBusinessObject } from 'bpmn-js/lib/util/ModelUtil';

const TOGETHER = 'studio.together';
const MARKED = /^\s*(?:=([^]*)|[$#]\{([^]*)\})\s*$/;

/** The expression in a text that says by `=` or `${}` that it is one; null for a literal. */
export function expressionIn(text) {
  const found = MARKED.exec(text);
  return found ? (found[1] ?? found[2]).trim() : null;
}

/** Names separated by commas, Chinese or not. */
export function namesIn(text) {
  return text.split(/[,，]/).map((one) => one.trim()).filter(Boolean);
}

export class Slots {
  /** `element`: the shape that is selected; `bo`: its element of the model, or the process behind a pool. */
  constructor(modeler, element, bo = getBusinessObject(element)) {
    this.modeling = modeler.get('modeling');
    this.factory = modeler.get('bpmnFactory');
    this.commands = modeler.get('commandStack');
    this.element = element;
    this.bo = bo;
  }

  /** The same for another part of the element: its event definition, its loop. */
  of(bo) {
    const other = Object.create(this);
    other.bo = bo;
    return other;
  }

  /** An attribute, `name` with its prefix (`camunda:formKey`). */
  attribute(name) {
    return { value: text(this.bo.get(name)), write: (value) => this.update(this.bo, { [name]: value === '' ? undefined : value }) };
  }

  /** A yes or no. `standard`: what counts where nothing is written, which is then left out. */
  flag(name, standard) {
    return { value: this.bo.get(name) ?? standard, write: (value) => this.update(this.bo, { [name]: value === standard ? undefined : value }) };
  }

  documentation() {
    const [first, ...rest] = this.bo.get('documentation');
    return {
      value: text(first?.text),
      write: (value) => {
        if (first && value) return this.update(first, { text: value });
        const made = value ? [this.make('bpmn:Documentation', { text: value }, this.bo)] : [];
        return this.update(this.bo, { documentation: [...made, ...rest] });
      },
    };
  }

  /** A child that holds an expression or a text: `conditionExpression`, `timeDate`, `loopCardinality`. */
  expression(name) {
    const now = this.bo.get(name);
    return {
      value: text(now?.body),
      write: (value) => {
        if (now && value) return this.update(now, { body: value });
        return this.update(this.bo, { [name]: value ? this.make('bpmn:FormalExpression', { body: value }, this.bo) : undefined });
      },
    };
  }

  /** A `camunda:property`. `null` takes it out; here '' may mean something of its own (`keep`). */
  property(name, keep = false) {
    const now = this.listed('camunda:Properties', 'values').find((one) => one.name === name);
    return {
      value: text(now?.value),
      there: now !== undefined,
      write: (value) => {
        const gone = value === null || (value === '' && !keep);
        if (now && !gone) return this.update(now, { value });
        return this.relist('camunda:Properties', 'values', now, gone ? null : ['camunda:Property', { name, value }]);
      },
    };
  }

  /** A `camunda:inputParameter`. */
  parameter(name) {
    const now = this.parameters().find((one) => one.name === name);
    return {
      value: text(now?.value),
      structured: Boolean(now?.definition), // a list, map or script, which only the text can change
      write: (value) => {
        if (now && value) return this.update(now, { value });
        return this.relist('camunda:InputOutput', 'inputParameters', now, value ? ['camunda:InputParameter', { name, value }] : null);
      },
    };
  }

  parameters() {
    return this.listed('camunda:InputOutput', 'inputParameters');
  }

  /** The extension elements of one type: `camunda:In`, `camunda:Out`. */
  extensions(type) {
    return (this.bo.extensionElements?.get('values') ?? []).filter((one) => one.$type === type);
  }

  addExtension(type, given) {
    const holder = this.bo.extensionElements;
    if (holder) return this.update(holder, { values: [...holder.get('values'), this.make(type, given, holder)] });
    return this.update(this.bo, { extensionElements: this.holding([[type, given]]) });
  }

  removeExtension(one) {
    const left = this.bo.extensionElements.get('values').filter((other) => other !== one);
    return left.length ? this.update(this.bo.extensionElements, { values: left }) : this.update(this.bo, { extensionElements: undefined });
  }

  // beneath ////////////////////////////////////////////////////////

  listed(type, list) {
    return this.extensions(type)[0]?.get(list) ?? [];
  }

  /** Takes `old` out of the list (where it is there) and puts what `[type, given]` says at its end; an empty list goes as a whole. */
  relist(type, list, old, wanted) {
    const container = this.extensions(type)[0];
    if (!container) {
      if (!wanted) return undefined;
      const made = this.make(type, {});
      const item = this.make(...wanted, made);
      made.set(list, [item]);
      const holder = this.bo.extensionElements ?? this.holding([]);
      made.$parent = holder;
      if (this.bo.extensionElements) return this.update(holder, { values: [...holder.get('values'), made] });
      holder.set('values', [made]);
      return this.update(this.bo, { extensionElements: holder });
    }
    const left = container.get(list).filter((one) => one !== old);
    if (wanted) left.push(this.make(...wanted, container));
    const bare = left.length === 0 && !(container.get('outputParameters')?.length > 0);
    return bare ? this.removeExtension(container) : this.update(container, { [list]: left });
  }

  holding(items) {
    const holder = this.make('bpmn:ExtensionElements', { values: [] }, this.bo);
    holder.set('values', items.map(([type, given]) => this.make(type, given, holder)));
    return holder;
  }

  make(type, given, parent) {
    const made = this.factory.create(type, given);
    if (parent) made.$parent = parent;
    return made;
  }

  /** What `act` does is one step of undo. */
  together(act) {
    return this.commands.execute(TOGETHER, { act });
  }

  update(bo, given) {
    return this.modeling.updateModdleProperties(this.element, bo, given);
  }
}

function text(value) {
  return value === undefined || value === null ? '' : String(value);
}

class Together {
  preExecute({ act }) {
    act();
  }
}

function register(commandStack) {
  commandStack.registerHandler(TOGETHER, Together);
}
register.$inject = ['commandStack'];

/** For the modeler: several changes as one step. */
export const togetherModule = { __init__: [register] };

/** An expression slot as people see it: without the sign `=`, which is put back. What stood there without one keeps to it where the
 *  slot is an expression anyway (`always`). */
export function feel(slot, always = true) {
  const inner = expressionIn(slot.value);
  const plain = inner === null && slot.value !== '' && always;
  return { ...slot, value: inner ?? slot.value, write: (value) => slot.write(value.trim() === '' ? '' : plain ? value : `=${value}`) };
}
