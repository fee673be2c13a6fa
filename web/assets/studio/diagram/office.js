// What this office and this release know, as the panel asks for it: forms, roles, services, decision tables, processes, names.
// It is read once when the editor opens (GET /studio/changes/<id>/known); variables that the drawing itself names are added as it stands.

import { getBusinessObject } from 'bpmn-js/lib/util/ModelUtil';

import { say } from '../../words.js';
import { builtins } from '../words-diagram-feel.js';

export class Office {
  /** `known`: the answer of the server. `files`: address under which a file's editor is found, ending in a slash; `make`: where a new file is begun. */
  constructor(modeler, known, { files = '', make = '' } = {}) {
    this.modeler = modeler;
    this.known = known;
    this.files = files;
    this.make = make;
    this.groups = known.groups;
    this.forms = known.forms;
    this.decisions = known.decisions;
    this.processes = known.processes;
    this.topics = known.topics;
    this.messages = known.messages;
    this.clauses = known.clauses.map(({ number, title, href }) => ({ key: number, name: title, label: `${number} ${title}`, href }));
    this.linkToForm = (key) => this._link(this.forms, key, say('打开这张表单'), say('新建表单'));
    this.linkToDecision = (key) => this._link(this.decisions, key, say('打开这张决策表'), say('新建决策表'));
    this.linkToProcess = (key) => this._link(this.processes, key, say('打开这个流程'));
  }

  _link(list, key, open, begin) {
    const found = list.find((one) => one.key === key);
    if (found?.file && this.files) return { href: this.files + encodeURIComponent(found.file), text: open };
    return begin && this.make ? { href: this.make, text: begin } : null;
  }

  /** The services that the process of `element` may call, as options; those of its own family first. */
  topicsFor(element) {
    const process = processOf(element);
    return this.topics
      .filter((one) => one.processes.length === 0 || one.processes.includes(process))
      .map((one) => ({ key: one.topic, name: one.name }));
  }

  /** What people call a value of that name; '' where nobody said it. */
  labelOf(name) {
    return this.known.labels[name] ?? '';
  }

  /** Names for expressions at `element`: variables first, then our functions, then those of FEEL. */
  namesFor(element) {
    const process = processOf(element);
    const variables = new Set([...(this.known.variables[process] ?? []), ...this._drawn()]);
    return [
      ...[...variables].sort().map((name) => ({ kind: 'variable', name, text: this.known.labels[name] ?? say('变量') })),
      ...this.known.functions.map((one) => ({ kind: 'function', name: one.name, parameters: one.parameters, text: one.doc })),
      ...builtins(),
    ];
  }

  /** Variables that the drawing names as it stands now, saved or not. */
  _drawn() {
    const found = new Set();
    for (const { businessObject: bo } of this.modeler.get('elementRegistry').getAll()) {
      for (const one of [bo.get?.('camunda:resultVariable'), bo.loopCharacteristics?.get?.('camunda:elementVariable')]) if (one) found.add(one);
      for (const one of bo.extensionElements?.get('values') ?? []) if (one.$type === 'camunda:Out' && one.target) found.add(one.target);
    }
    return found;
  }
}

/** The key of the process an element stands in; of a drawing with one process always that one. */
export function processOf(element) {
  let bo = getBusinessObject(element);
  if (bo.processRef) return bo.processRef.id;
  while (bo && bo.$type !== 'bpmn:Process') bo = bo.$parent;
  return bo?.id ?? '';
}
