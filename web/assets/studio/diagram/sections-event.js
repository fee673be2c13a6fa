// Fields of the events: when, which message, which error.

import { is } from 'bpmn-js/lib/util/ModelUtil';

import { say } from '../../words.js';
import { badName } from './sections-task.js';
import { feel } from './slots.js';

const TIMERS = ['timeDate', 'timeDuration', 'timeCycle'];

export function timerFields({ slots, definition }) {
  const at = slots.of(definition);
  const kind = TIMERS.find((name) => definition.get(name)) ?? 'timeDate';
  const choose = (wanted) => {
    const text = definition.get(kind)?.body ?? '';
    const made = at.make('bpmn:FormalExpression', { body: text }, definition);
    return at.update(definition, Object.fromEntries(TIMERS.map((name) => [name, name === wanted ? made : undefined])));
  };
  const value = at.expression(kind);
  const kinds = [
    { key: 'timeDate', name: say('到某个时间') },
    { key: 'timeDuration', name: say('过一段时间') },
    { key: 'timeCycle', name: say('每隔一段时间') },
  ].map((one) => ({ ...one, label: one.name }));
  const helps = {
    timeDate: say('日期、变量名或表达式，例：workday_deadline(now(), 5) 即第 5 个工作日届满时。'),
    timeDuration: say('例：PT2H 两小时，P3D 三天。要按工作日算，请选“到某个时间”。'),
    timeCycle: say('例：R3/P1D 每天一次、共三次。'),
  };
  return [
    { id: 'timerKind', kind: 'choice', none: false, label: say('怎样计时'), options: kinds, slot: { value: kind, write: choose } },
    { id: 'timer', kind: 'feel', label: say('时间'), slot: isoOr(feel(value), value), help: helps[kind] },
  ];
}

/** A slot for an expression in which an ISO instant or duration is written without the sign of an expression. */
function isoOr(slot, raw) {
  return { ...slot, write: (text) => (/^\s*(R\d*\/|P[\dT]|\d{4}-)/.test(text) ? raw.write(text.trim()) : slot.write(text)) };
}

export function messageFields({ modeler, element, slots, holder, office }) {
  const throws = is(element, 'bpmn:ThrowEvent') || is(element, 'bpmn:SendTask');
  const name = rootSlot(modeler, slots, holder, 'messageRef', 'bpmn:Message', 'name');
  const fields = [
    { id: 'messageName', kind: 'text', label: say('消息名称'), slot: name, list: office.messages, help: say('发出的和等待的是同一个名称，才对得上。') },
    { id: 'correlation', kind: 'feel', label: say('凭什么对应'), slot: feel(slots.property('correlation')), help: say('例：{application_id: application_id}') },
  ];
  if (throws) {
    fields.push({ id: 'variables', kind: 'feel', label: say('一起送去的内容'), slot: feel(slots.property('variables')), help: say('例：{ballot_result: vote.result}') });
    fields.push({ id: 'businessKey', kind: 'feel', label: say('送给哪个业务编号'), slot: feel(slots.property('businessKey')) });
    return fields;
  }
  const sender = slots.property('sender');
  const accepts = slots.property('accepts', true);
  fields.push({ id: 'sender', kind: 'flag', label: say('只由流程发出'), slot: { value: sender.value === 'process', write: (on) => sender.write(on ? 'process' : null) }, help: say('打开后，人和外部系统不能发这条消息。') });
  fields.push({ id: 'acceptsOnly', kind: 'flag', label: say('限定可以带进来的变量'), slot: { value: accepts.there, write: (on) => accepts.write(on ? '' : null) } });
  if (accepts.there) fields.push({ id: 'accepts', kind: 'text', label: say('可以带进来的变量'), slot: accepts, help: say('用逗号分开；空着就一个也不收。') });
  return fields;
}

export function errorFields({ modeler, element, slots, definition }) {
  const at = slots.of(definition);
  const fields = [{ id: 'errorCode', kind: 'text', label: say('错误代码'), slot: rootSlot(modeler, slots, definition, 'errorRef', 'bpmn:Error', 'errorCode'), help: is(element, 'bpmn:BoundaryEvent') ? say('不填就接住任何错误。') : undefined }];
  if (!is(element, 'bpmn:CatchEvent')) return fields;
  return [
    ...fields,
    { id: 'errorCodeVariable', kind: 'text', label: say('错误代码放进变量'), slot: at.attribute('camunda:errorCodeVariable'), check: badName },
    { id: 'errorMessageVariable', kind: 'text', label: say('错误说明放进变量'), slot: at.attribute('camunda:errorMessageVariable'), check: badName },
  ];
}

/** The name of a message or error that stands beside the processes and is referred to: whoever writes a name that is there refers to
 *  it, whoever alone refers to one renames it, everybody else makes a new one. */
function rootSlot(modeler, slots, holder, reference, type, key) {
  const definitions = modeler.getDefinitions();
  const now = holder.get(reference);
  const write = (text) => {
    const wanted = text.trim();
    if (!wanted) return slots.update(holder, { [reference]: undefined });
    const there = definitions.get('rootElements').find((one) => is(one, type) && one.get(key) === wanted);
    if (there) return slots.update(holder, { [reference]: there });
    if (now && users(modeler, reference, now) === 1) return slots.update(now, key === 'errorCode' ? { errorCode: wanted, name: wanted } : { [key]: wanted });
    const made = slots.make(type, key === 'errorCode' ? { errorCode: wanted, name: wanted } : { [key]: wanted }, definitions);
    return slots.together(() => {
      slots.update(definitions, { rootElements: [...definitions.get('rootElements'), made] });
      slots.update(holder, { [reference]: made });
    });
  };
  return { value: now?.get(key) ?? '', write };
}

function users(modeler, reference, root) {
  const holders = modeler.get('elementRegistry').filter((one) => !one.labelTarget).flatMap(({ businessObject: bo }) => [bo, ...(bo.get?.('eventDefinitions') ?? [])]);
  return new Set(holders.filter((one) => one.get?.(reference) === root)).size;
}
