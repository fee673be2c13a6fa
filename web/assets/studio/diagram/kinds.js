// What people call an element, by its type.

import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';

import { say } from '../../words.js';

const WORDS = {
  'bpmn:Task': () => say('步骤（未定类型）'),
  'bpmn:UserTask': () => say('人工办理'),
  'bpmn:ManualTask': () => say('系统外办理'),
  'bpmn:ServiceTask': () => say('系统服务'),
  'bpmn:BusinessRuleTask': () => say('决策表'),
  'bpmn:ScriptTask': () => say('计算'),
  'bpmn:SendTask': () => say('发送消息'),
  'bpmn:ReceiveTask': () => say('接收消息'),
  'bpmn:CallActivity': () => say('调用另一个流程'),
  'bpmn:SubProcess': () => say('子流程'),
  'bpmn:Transaction': () => say('子流程'),
  'bpmn:AdHocSubProcess': () => say('子流程'),
  'bpmn:ExclusiveGateway': () => say('选一条路（网关）'),
  'bpmn:ParallelGateway': () => say('同时走各条路（网关）'),
  'bpmn:InclusiveGateway': () => say('走符合条件的各条路（网关）'),
  'bpmn:EventBasedGateway': () => say('看先发生什么（网关）'),
  'bpmn:SequenceFlow': () => say('连线'),
  'bpmn:MessageFlow': () => say('消息线'),
  'bpmn:Association': () => say('关联线'),
  'bpmn:Participant': () => say('流程'),
  'bpmn:Process': () => say('流程'),
  'bpmn:Collaboration': () => say('整张图'),
  'bpmn:Lane': () => say('泳道'),
  'bpmn:TextAnnotation': () => say('文字批注'),
  'bpmn:Group': () => say('分组框'),
  'bpmn:DataObjectReference': () => say('数据对象'),
  'bpmn:DataStoreReference': () => say('数据存储'),
};
const EVENTS = {
  'bpmn:StartEvent': () => say('开始'),
  'bpmn:EndEvent': () => say('结束'),
  'bpmn:BoundaryEvent': () => say('边界事件'),
  'bpmn:IntermediateCatchEvent': () => say('中间事件'),
  'bpmn:IntermediateThrowEvent': () => say('中间事件'),
};
const DEFINITIONS = {
  'bpmn:TimerEventDefinition': () => say('定时'),
  'bpmn:MessageEventDefinition': () => say('消息'),
  'bpmn:ErrorEventDefinition': () => say('错误'),
  'bpmn:TerminateEventDefinition': () => say('终止'),
  'bpmn:SignalEventDefinition': () => say('信号'),
  'bpmn:ConditionalEventDefinition': () => say('条件'),
  'bpmn:EscalationEventDefinition': () => say('升级'),
  'bpmn:CompensateEventDefinition': () => say('补偿'),
  'bpmn:LinkEventDefinition': () => say('链接'),
  'bpmn:CancelEventDefinition': () => say('取消'),
};

export function kindOf(element) {
  const event = EVENTS[element.type]?.();
  if (!event) return (WORDS[element.type] ?? (() => say('元素')))();
  const definition = definitionOf(element);
  const what = definition && DEFINITIONS[definition.$type]?.();
  return what ? say('{event}（{what}）', { event, what }) : event;
}

/** The one event definition of an event, or null. */
export function definitionOf(element) {
  return getBusinessObject(element).get?.('eventDefinitions')?.[0] ?? null;
}

export function isHuman(element) {
  return ['bpmn:UserTask', 'bpmn:ManualTask'].some((type) => is(element, type)) || element.type === 'bpmn:Task';
}
