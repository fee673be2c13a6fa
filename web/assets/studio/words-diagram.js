// English of what the diagram editor says around the drawing; its panel is in words-diagram-panel.js.

import { learn } from '../words.js';
import './words-diagram-panel.js';

learn({
  '没有做成：{why}': 'That did not work: {why}',
  撤销和重做: 'Undo and redo',
  撤销: 'Undo',
  '撤销（Ctrl+Z）': 'Undo (Ctrl+Z)',
  重做: 'Redo',
  '重做（Ctrl+Y）': 'Redo (Ctrl+Y)',
  看图: 'View',
  全图: 'All',
  查找: 'Find',
  '在图中查找（Ctrl+F）': 'Find in the diagram (Ctrl+F)',
  缩略图: 'Minimap',
  模拟: 'Simulate',
  '走一遍：看流程怎么走（模拟）': 'Walk through it: see how the process goes (simulation)',
  导出和打印: 'Export and print',
  '导出为矢量图（SVG）': 'Export as a drawing (SVG)',
  '导出为图片（PNG）': 'Export as a picture (PNG)',
  打印: 'Print',
  '打印（A3 横向，一页）': 'Print (A3 landscape, one page)',
  '打印于 {time}': 'Printed {time}',
  导入文件: 'Import a file',
  '用别处画的图代替这一张（Camunda Modeler、bpmn.io 等导出的 .bpmn 文件）': 'Replace this diagram by one drawn elsewhere (a .bpmn file of Camunda Modeler, bpmn.io and others)',
  '{name} 不是能读懂的流程图，没有导入。': '{name} is no diagram that can be read; it was not imported.',
  '已换成 {name} 里的图，还没有保存。': 'Replaced by the diagram in {name}; not saved yet.',
  '这个文件画不出来：{why} 请在源文件里修改，或回到上一个版本。': 'This file cannot be drawn: {why} Mend it in its source, or go back to the version before.',
  '文件里没有布局，已自动排列；改动以后，排好的布局一起保存。': 'The file holds no layout and was arranged automatically; once you change something, that layout is saved with it.',
  '文件里有其他软件的内容（{names}），本系统不使用，保存时原样保留。': 'The file holds things of other programs ({names}); they are not used here and kept as they are.',
  '有 {n} 处没有读懂，改动并保存后可能丢失：{what}': '{n} places were not understood and may be lost once you change and save: {what}',
});
