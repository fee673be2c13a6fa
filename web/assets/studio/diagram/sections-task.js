// Fields of the steps: people's tasks, services, decisions, scripts, calls, and doing something once for every item.

import { say } from '../../words.js';
import { isHuman } from './kinds.js';
import { feel } from './slots.js';

export function taskFields({ modeler, element, slots, bo, office }) {
  const others = modeler.get('elementRegistry').filter((one) => isHuman(one) && !one.labelTarget && one.id !== bo.id).map((one) => ({ key: one.id, name: one.businessObject.name || one.id }));
  return [
    { id: 'form', kind: 'choice', label: say('表单'), options: office.forms, slot: slots.attribute('camunda:formKey'), link: office.linkToForm },
    { id: 'candidateGroups', kind: 'manyOrFeel', label: say('办理角色'), options: office.groups, slot: slots.attribute('camunda:candidateGroups'), none: say('按泳道的角色'), help: say('不选就由泳道的角色办理。') },
    { id: 'assignee', kind: 'valueOrFeel', label: say('指定办理人'), slot: slots.attribute('camunda:assignee'), plainWords: say('改为直接填写用户名'), help: say('填用户名；也可以用表达式取某个变量，如 candidate_account。') },
    { id: 'candidateUsers', kind: 'valueOrFeel', label: say('可以办理的人'), slot: slots.attribute('camunda:candidateUsers'), plainWords: say('改为直接填写用户名'), help: say('几个用户名之间用逗号分开。') },
    { id: 'scope', kind: 'feel', label: say('范围'), slot: feel(slots.property('scope')), help: say('只给某个单位或地区的人办，例："unit:" + unit_code。不填就按泳道的范围。') },
    { id: 'due', kind: 'due', label: say('办理期限'), slot: slots.attribute('camunda:dueDate') },
    { id: 'followUp', kind: 'due', label: say('何时提醒跟进'), slot: slots.attribute('camunda:followUpDate') },
    { id: 'hint', kind: 'area', rows: 4, label: say('办理提示'), slot: slots.property('hint'), help: say('显示在任务旁边：做什么、为什么，用新手看得懂的话写。') },
    { id: 'notSameActorAs', kind: 'many', label: say('不能与这些步骤同一人'), options: others, slot: slots.property('notSameActorAs'), none: say('没有限制'), help: say('办过所选步骤的人，不能再办这一步。') },
  ];
}

export function serviceFields({ slots, bo, office, element }) {
  const topics = office.topicsFor(element);
  const topic = slots.attribute('camunda:topic');
  const known = office.topics.find((one) => one.topic === topic.value);
  const choose = (value) => slots.update(bo, { 'camunda:topic': value || undefined, 'camunda:type': value ? 'external' : undefined });
  const written = slots.parameters().map((one) => one.name);
  const declared = known?.parameters ?? [];
  const extra = written.filter((name) => !declared.some((one) => one.name === name));
  return [
    { id: 'topic', kind: 'choice', label: say('服务'), options: topics, none: say('请选择…'), slot: { ...topic, write: choose }, help: known && !known.processes.length ? undefined : known && say('只有指定的流程可以用这项服务。') },
    ...declared.map((one) => parameterField(slots, { ...one, label: office.labelOf(one.name) })),
    ...extra.map((name) => parameterField(slots, { name, label: office.labelOf(name), required: false, unknown: Boolean(known) })),
    { id: 'resultVariable', kind: 'text', label: say('结果放进变量'), slot: slots.attribute('camunda:resultVariable'), help: say('不填时，结果的各项直接成为变量。'), check: badName },
    { id: 'consume', kind: 'text', label: say('办完后清除的变量'), slot: slots.property('consume'), help: say('已经存进登记册、流程里不必再留的变量，用逗号分开。') },
  ];
}

function parameterField(slots, { name, label, required, type, values, unknown }) {
  const slot = slots.parameter(name);
  const title = label ? say('{name}（{key}）', { name: label, key: name }) : name;
  if (slot.structured) return { id: `parameter-${name}`, kind: 'note', label: say('参数“{name}”是列表或脚本，请在文本中修改。', { name }) };
  const help = [required && say('必填'), type && say('类型：{type}', { type }), values?.length && say('只能是 {values}', { values: values.join('、') }), unknown && say('这项服务没有这个参数，清空即可去掉。')].filter(Boolean).join(say('；'));
  return { id: `parameter-${name}`, kind: 'valueOrFeel', label: title, slot, help, plainWords: say('改为固定文字') };
}

export function decisionFields({ slots, office }) {
  return [
    { id: 'decisionRef', kind: 'choice', label: say('决策表'), options: office.decisions, none: say('请选择…'), slot: slots.attribute('camunda:decisionRef'), link: office.linkToDecision },
    { id: 'resultVariable', kind: 'text', label: say('结果放进变量'), slot: slots.attribute('camunda:resultVariable'), check: badName },
  ];
}

export function scriptFields({ slots, bo }) {
  const script = slots.attribute('script');
  return [
    { id: 'script', kind: 'feel', rows: 4, label: say('表达式'), slot: feel({ ...script, write: (value) => slots.update(bo, { script: value || undefined, scriptFormat: value ? 'feel' : undefined }) }) },
    { id: 'resultVariable', kind: 'text', label: say('结果放进变量'), slot: slots.attribute('camunda:resultVariable'), check: badName },
  ];
}

export function callFields({ slots, bo, office }) {
  const rows = (type, title) => slots.extensions(type).filter((one) => !one.businessKey).map((one, index) => callRow(slots.of(one), slots, `${type}-${index}`, say('{title} {n}', { title, n: index + 1 })));
  const [inward, outward] = [rows('camunda:In', say('传入')), rows('camunda:Out', say('带回'))];
  return [
    { id: 'calledElement', kind: 'choice', label: say('流程'), options: office.processes.filter((one) => one.key !== bo.$parent?.id), none: say('请选择…'), slot: slots.attribute('calledElement'), link: office.linkToProcess },
    { id: 'in', kind: 'rows', label: say('传入的变量'), items: inward, add: [
      { text: say('加一项传入'), act: () => slots.addExtension('camunda:In', { source: '', target: '' }) },
    ] },
    { id: 'out', kind: 'rows', label: say('带回的变量'), items: outward, help: inward.length + outward.length ? undefined : say('都不列时，全部变量传入，办完后全部带回。'), add: [
      { text: say('加一项带回'), act: () => slots.addExtension('camunda:Out', { source: '', target: '' }) },
    ] },
  ];
}

function callRow(row, slots, id, title) {
  const all = row.bo.variables === 'all';
  const everything = { value: all, write: (wanted) => row.update(row.bo, wanted ? { variables: 'all', source: undefined, sourceExpression: undefined, target: undefined } : { variables: undefined, source: '', target: '' }) };
  const computed = row.bo.sourceExpression !== undefined;
  const source = {
    value: computed ? `=${feel(row.attribute('sourceExpression')).value}` : row.bo.source ?? '',
    write: (value) => (value.startsWith('=') ? row.update(row.bo, { sourceExpression: value, source: undefined }) : row.update(row.bo, { source: value, sourceExpression: undefined })),
  };
  const fields = [{ id: `${id}-all`, kind: 'flag', label: say('全部变量'), slot: everything }];
  if (!all) {
    fields.push({ id: `${id}-source`, kind: 'valueOrFeel', label: say('取自变量'), slot: source, plainWords: say('改为变量名') });
    fields.push({ id: `${id}-target`, kind: 'text', label: say('成为变量'), slot: row.attribute('target'), check: badName });
  }
  return { id, title, fields, remove: () => slots.removeExtension(row.bo) };
}

export function loopFields({ slots, bo }) {
  const loop = slots.of(bo.loopCharacteristics);
  if (loop.bo.$type !== 'bpmn:MultiInstanceLoopCharacteristics') return [{ id: 'loop', kind: 'note', label: say('本系统不执行这种循环标记，请改为逐项办理，或用连线画回去。') }];
  return [
    { id: 'sequential', kind: 'flag', label: say('一项办完再办下一项'), slot: loop.flag('isSequential', false) },
    { id: 'collection', kind: 'feel', label: say('清单'), slot: feel(loop.attribute('camunda:collection')), help: say('清单里有几项就办几次。') },
    { id: 'elementVariable', kind: 'text', label: say('每一项叫什么'), slot: loop.attribute('camunda:elementVariable'), help: say('办每一项时，用这个变量名取得它。'), check: badName },
    { id: 'cardinality', kind: 'feel', label: say('次数（没有清单时）'), slot: feel(loop.expression('loopCardinality')) },
    { id: 'completion', kind: 'feel', label: say('提前结束的条件'), slot: feel(loop.expression('completionCondition')), help: say('成立时其余各项不再办。可以用 nrOfCompletedInstances 等。') },
    { id: 'outputCollection', kind: 'text', label: say('结果清单放进变量'), slot: slots.property('outputCollection'), check: badName },
    { id: 'outputElement', kind: 'feel', label: say('每一项的结果'), slot: feel(slots.property('outputElement')) },
  ];
}

/** Why `name` cannot be the name of a variable, in words. */
export function badName(name) {
  return name === '' || /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name.trim()) ? '' : say('变量名只能用字母、数字和下划线，不以数字开头。');
}
