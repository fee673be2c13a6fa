// English of what the page of scenario tests says.

import { learn } from '../words.js';

learn({
  正在运行: 'Running',
  停止: 'Stop',
  运行全部: 'Run all',
  运行: 'Run',
  看走过的路: 'Show its way',
  '正在运行第 {n} 个，共 {all} 个': 'Running {n} of {all}',
  '全部通过：{n} 个场景': 'All passed: {n} scenarios',
  '{n} 个场景中有 {bad} 个没有通过': '{bad} of {n} scenarios failed',
  '已停下，运行了 {n} 个场景': 'Stopped after {n} scenarios',
  '没有运行成：{why}': 'It could not be run: {why}',
  网络中断: 'the connection was lost',
  通过: 'passed',
  没有通过: 'failed',
  没有运行: 'not run',
  '{n} 秒': '{n} s',
  '第 {n} 行': 'Line {n}',
  '走过 {n} 条连线，共 {all} 条': '{n} of {all} flows walked',
  '每条连线都有场景走过。': 'Every flow is walked by some scenario.',
  没有场景走过的连线: 'Flows that no scenario walks',
  看全部走过的路: 'Show all ways',
});
