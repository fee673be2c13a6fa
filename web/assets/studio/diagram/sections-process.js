// Fields of what holds the steps together: flows, lanes, the process itself.

import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';

import { say } from '../../words.js';
import { Slots, feel } from './slots.js';

const CHOOSING = ['bpmn:ExclusiveGateway', 'bpmn:InclusiveGateway', 'bpmn:Activity'];

export function flowFields({ modeler, element, slots }) {
  const source = element.source && getBusinessObject(element.source);
  if (!source || !CHOOSING.some((type) => is(source, type))) return [{ id: 'plain', kind: 'note', label: say('从这里出来的连线没有条件。') }];
  const modeling = modeler.get('modeling');
  const standard = source.default === slots.bo;
  const fields = [{
    id: 'default',
    kind: 'flag',
    label: say('其余情况走这里'),
    help: say('别的连线的条件都不成立时走这一条。'),
    slot: {
      value: standard,
      write: (on) => slots.together(() => {
        modeling.updateProperties(element.source, { default: on ? slots.bo : undefined });
        if (on) modeling.updateProperties(element, { conditionExpression: undefined });
      }),
    },
  }];
  if (!standard) fields.unshift({ id: 'condition', kind: 'feel', rows: 2, label: say('条件'), slot: conditionSlot(modeling, element, slots), help: say('成立时走这里，例：ruling = "eligible"') });
  return fields;
}

/** By `updateProperties`, because the sign of a conditional flow is drawn anew. */
function conditionSlot(modeling, element, slots) {
  const slot = feel(slots.expression('conditionExpression'));
  const now = slots.bo.conditionExpression;
  return {
    ...slot,
    write: (text) => {
      if (now && text.trim()) return slot.write(text);
      return modeling.updateProperties(element, { conditionExpression: text.trim() ? slots.make('bpmn:FormalExpression', { body: `=${text}` }, slots.bo) : undefined });
    },
  };
}

export function laneFields({ slots, office }) {
  return [
    { id: 'group', kind: 'choice', label: say('角色'), options: office.groups, none: say('按泳道的名称'), slot: slots.property('group'), help: say('这条泳道里的步骤由这个角色办理。') },
    { id: 'scope', kind: 'feel', label: say('范围'), slot: feel(slots.property('scope')), help: say('例："unit:" + unit_code，只给这个单位的人办。不填就是这个角色的所有人。') },
  ];
}

/** A pool and its process are one thing to people: one name, the process's key, its documentation. */
export function poolFields(modeler, element, slots) {
  const modeling = modeler.get('modeling');
  const process = slots.bo.processRef;
  const own = new Slots(modeler, element, process);
  const named = (value) => slots.together(() => {
    modeling.updateProperties(element, { name: value || undefined });
    own.update(process, { name: value || undefined });
  });
  const key = (value) => {
    const holder = modeler.get('moddle').ids.assigned(value.trim());
    return /^[A-Za-z_][\w.-]*$/.test(value.trim()) && (!holder || holder === process) ? '' : say('编号只能用字母、数字、下划线，并且不能与别的重复。');
  };
  return [
    { id: 'name', kind: 'area', rows: 1, label: say('名称'), slot: { value: slots.bo.name ?? process.name ?? '', write: named } },
    { id: 'processId', kind: 'text', label: say('流程编号'), slot: { value: process.id, write: (value) => own.update(process, { id: value.trim() }) }, help: say('别的流程按这个编号调用它；改了就是另一个流程。'), check: key },
    { id: 'processDocumentation', kind: 'area', label: say('流程说明'), slot: own.documentation() },
  ];
}

/** The process behind a pool, or the process as a whole, in two sections. */
export function processFields({ modeler, element, slots, office }) {
  const own = is(element, 'bpmn:Participant') ? new Slots(modeler, element, slots.bo.processRef) : slots;
  const start = own.property('startVariables', true);
  const startedBy = own.property('startedBy');
  const cancelled = own.property('cancelledBy');
  return [
    {
      id: 'start',
      title: say('怎样开始'),
      fields: [
        { id: 'executable', kind: 'flag', label: say('由系统执行'), slot: own.flag('isExecutable', false), help: say('关闭时只是图纸，可以看，不能办。') },
        { id: 'starters', kind: 'many', label: say('哪些角色可以发起'), options: office.groups, slot: own.attribute('camunda:candidateStarterGroups'), none: say('只有流程负责人'), help: say('流程负责人总是可以发起。') },
        { id: 'startedBy', kind: 'flag', label: say('只由别的流程启动'), slot: { value: startedBy.value === 'process', write: (on) => startedBy.write(on ? 'process' : null) }, help: say('打开后，人不能直接发起。') },
        { id: 'startOnly', kind: 'flag', label: say('限定发起时可以带的变量'), slot: { value: start.there, write: (on) => start.write(on ? '' : null) } },
        start.there && { id: 'startVariables', kind: 'text', label: say('发起时可以带的变量'), slot: start, help: say('用逗号分开；空着就一个也不收。') },
      ].filter(Boolean),
    },
    {
      id: 'people',
      title: say('谁能看、谁能停'),
      fields: [
        { id: 'secret', kind: 'area', label: say('保密的变量'), slot: own.property('secret'), help: say('只在需要它的那一步的表单里看得到。用逗号分开。') },
        { id: 'outsiders', kind: 'many', label: say('只看进度的角色'), options: office.groups, slot: own.property('outsiders'), none: say('没有'), help: say('这些角色的人只知道办到哪里、自己做过什么，看不到内容和经办人。') },
        { id: 'cancelledBy', kind: 'flag', label: say('撤销要两个人'), slot: { value: cancelled.value === 'two', write: (on) => cancelled.write(on ? 'two' : null) }, help: say('别人已经办过的事项，要第二个人确认才能撤销。') },
        { id: 'scopes', kind: 'feel', label: say('属于哪些单位和地区'), slot: feel(own.property('scopes')), help: say('例：["unit:" + unit_code]') },
        { id: 'filters', kind: 'text', label: say('任务列表可以按什么筛选'), slot: own.property('filters'), help: say('例：unit_code=单位代码，region_code=地区代码') },
      ],
    },
  ];
}
