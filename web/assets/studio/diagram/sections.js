// Which fields an element has: everything that docs/architecture.md says a diagram says, so that nobody has to write XML.

import { is } from 'bpmn-js/lib/util/ModelUtil';

import { say } from '../../words.js';
import { definitionOf, isHuman } from './kinds.js';
import { Slots, feel } from './slots.js';
import { messageFields, errorFields, timerFields } from './sections-event.js';
import { flowFields, laneFields, poolFields, processFields } from './sections-process.js';
import { callFields, decisionFields, loopFields, scriptFields, serviceFields, taskFields } from './sections-task.js';

const NAMED = ['bpmn:FlowElement', 'bpmn:Participant', 'bpmn:Lane', 'bpmn:Process', 'bpmn:MessageFlow'];
const OURS = ['camunda:Properties', 'camunda:InputOutput', 'camunda:In', 'camunda:Out'];

/** [{ id, title, fields }] of the element, most wanted first. */
export function sectionsOf({ modeler, element, office }) {
  const slots = new Slots(modeler, element);
  const context = { modeler, element, office, slots, bo: slots.bo };
  const made = [];
  const put = (id, title, fields) => fields?.length && made.push(section(id, title, fields));
  put('general', say('基本'), nameFields(context));
  if (isHuman(element)) put('task', say('谁办、怎么办'), taskFields(context));
  if (is(element, 'bpmn:ServiceTask') || (is(element, 'bpmn:SendTask') && !slots.bo.messageRef)) put('service', say('系统做什么'), serviceFields(context));
  if (is(element, 'bpmn:BusinessRuleTask')) put('decision', say('按哪张决策表'), decisionFields(context));
  if (is(element, 'bpmn:ScriptTask')) put('script', say('算什么'), scriptFields(context));
  if (is(element, 'bpmn:CallActivity')) put('call', say('调用哪个流程'), callFields(context));
  const definition = definitionOf(element);
  if (definition?.$type === 'bpmn:TimerEventDefinition') put('timer', say('什么时候'), timerFields({ ...context, definition }));
  if (definition?.$type === 'bpmn:ErrorEventDefinition') put('error', say('哪种错误'), errorFields({ ...context, definition }));
  if (definition?.$type === 'bpmn:MessageEventDefinition') put('message', say('哪条消息'), messageFields({ ...context, holder: definition }));
  if (is(element, 'bpmn:ReceiveTask') || is(element, 'bpmn:SendTask')) put('message', say('哪条消息'), messageFields({ ...context, holder: slots.bo }));
  if (is(element, 'bpmn:SequenceFlow')) put('flow', say('什么时候走这条路'), flowFields(context));
  if (is(element, 'bpmn:Lane')) put('lane', say('谁的泳道'), laneFields(context));
  if (is(element, 'bpmn:Process') || (is(element, 'bpmn:Participant') && slots.bo.processRef)) processFields(context).forEach(({ id, title, fields }) => put(id, title, fields));
  if (slots.bo.loopCharacteristics) put('loop', say('逐项办理'), loopFields(context));
  if (is(element, 'bpmn:Activity') && !isHuman(element)) put('scope', say('范围'), [scopeField(context)]);
  if (is(element, 'bpmn:FlowNode')) put('clause', say('依据条款'), clauseFields(context));
  put('identity', say('编号和说明'), identityFields(context));
  put('foreign', say('其他软件的内容'), foreignFields(context));
  return made;
}

function section(id, title, fields) {
  return { id, title, fields };
}

function nameFields({ modeler, element, slots, bo }) {
  const modeling = modeler.get('modeling');
  if (is(bo, 'bpmn:TextAnnotation')) return [{ id: 'text', kind: 'area', label: say('文字'), slot: { value: bo.text ?? '', write: (value) => modeling.updateProperties(element, { text: value }) } }];
  if (!NAMED.some((type) => is(bo, type))) return [];
  if (bo.processRef) return poolFields(modeler, element, slots);
  return [{ id: 'name', kind: 'area', rows: 1, label: say('名称'), slot: { value: bo.name ?? '', write: (value) => modeling.updateProperties(element, { name: value || undefined }) } }];
}

function identityFields({ modeler, element, slots, bo }) {
  if (bo.processRef) return []; // what counts of a pool is its process
  return [
    { id: 'documentation', kind: 'area', label: say('说明'), slot: slots.documentation() },
    {
      id: 'id',
      kind: 'text',
      label: say('编号'),
      help: is(bo, 'bpmn:Activity') || is(bo, 'bpmn:Event') ? say('改了编号，正在这一步的事项要在迁移时指明对应哪一步。') : undefined,
      slot: { value: bo.id, write: (value) => modeler.get('modeling').updateProperties(element, { id: value.trim() }) },
      check: (value) => badId(modeler, bo, value.trim()),
    },
  ];
}

/** Why `id` cannot be the id of `bo`, in words; '' where it can. */
export function badId(modeler, bo, id) {
  if (!/^[A-Za-z_][\w.-]*$/.test(id)) return say('编号只能用字母、数字、下划线、点和短横，并以字母或下划线开头。');
  const holder = modeler.get('moddle').ids.assigned(id);
  return holder && holder !== bo ? say('编号“{id}”已经有别的元素在用。', { id }) : '';
}

export function scopeField({ slots }) {
  return { id: 'scope', kind: 'feel', label: say('范围'), slot: feel(slots.property('scope')), help: say('只给某个单位或地区的人办，例："unit:" + unit_code。不填就按泳道的范围。') };
}

function clauseFields({ slots, office }) {
  return [{ id: 'clause', kind: 'many', label: say('改革方案条款'), options: office.clauses, slot: slots.property('clause'), none: say('选择条款…') }];
}

/** Extensions that we neither use nor touch: what they are, so that nobody wonders. */
function foreignFields({ bo }) {
  const elements = (bo.extensionElements?.get('values') ?? []).filter((one) => !OURS.includes(one.$type)).map((one) => one.$type);
  const attributes = Object.keys(bo.$attrs ?? {}).filter((name) => name.includes(':') && !name.startsWith('xmlns'));
  const found = [...new Set([...elements, ...attributes])];
  if (!found.length) return [];
  return [{ id: 'foreign', kind: 'note', label: say('这些内容由其他软件写入，本系统不使用，保存时原样保留：'), code: found.join('\n') }];
}
