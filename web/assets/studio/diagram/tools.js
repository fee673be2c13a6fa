// The buttons above the drawing. Keys: Ctrl+Z, Ctrl+Y, Ctrl+F, Ctrl+C, Ctrl+V, Del work while the drawing has the focus.

import { say } from '../../words.js';
import { fit } from './modeler.js';
import { print, printedAt, savePng, saveSvg } from './output.js';

/** Fills the toolbar `bar`. `name`: of the file, without its ending. `bring(bytes, name)`: another file instead of this one. */
export function tools(bar, modeler, { name, title, readonly, bring, tell }) {
  const canvas = modeler.get('canvas');
  const group = (words) => {
    const made = document.createElement('div');
    made.className = 'btn-group';
    made.setAttribute('role', 'group');
    made.setAttribute('aria-label', words);
    bar.append(made);
    return made;
  };
  const button = (where, text, act, words = text) => {
    const made = document.createElement('button');
    made.type = 'button';
    made.className = 'btn btn-sm';
    made.textContent = text;
    made.title = words;
    if (/^.$/.test(text)) made.setAttribute('aria-label', words); // a sign is no name
    made.addEventListener('click', () => Promise.resolve(act()).catch((error) => {
      tell(say('没有做成：{why}', { why: error.message }));
      throw error;
    }));
    where.append(made);
    return made;
  };

  if (!readonly) {
    const stack = modeler.get('commandStack');
    const steps = group(say('撤销和重做'));
    const undo = button(steps, say('撤销'), () => stack.undo(), say('撤销（Ctrl+Z）'));
    const redo = button(steps, say('重做'), () => stack.redo(), say('重做（Ctrl+Y）'));
    let walking = false;
    const able = () => {
      undo.disabled = walking || !stack.canUndo();
      redo.disabled = walking || !stack.canRedo();
    };
    modeler.on(['commandStack.changed', 'import.done'], able);
    modeler.on('tokenSimulation.toggleMode', ({ active }) => {
      walking = active;
      able();
    });
    able();
  }
  const sight = group(say('看图'));
  button(sight, '+', () => canvas.zoom(Math.min(4, canvas.zoom() * 1.25)), say('放大'));
  button(sight, '−', () => canvas.zoom(Math.max(0.1, canvas.zoom() * 0.8)), say('缩小'));
  button(sight, say('全图'), () => fit(modeler), say('看全图'));
  button(sight, say('查找'), () => setTimeout(() => modeler.get('searchPad').toggle()), say('在图中查找（Ctrl+F）'));
  // the search closes by a click outside, and this one is not over yet: hence the pause above
  const map = button(sight, say('缩略图'), () => modeler.get('minimap').toggle());
  modeler.on('minimap.toggle', ({ open }) => map.setAttribute('aria-pressed', String(open)));
  const walk = button(sight, say('模拟'), () => modeler.get('toggleMode').toggleMode(), say('走一遍：看流程怎么走（模拟）'));
  modeler.on('tokenSimulation.toggleMode', ({ active }) => walk.setAttribute('aria-pressed', String(active)));

  const out = group(say('导出和打印'));
  button(out, 'SVG', () => saveSvg(modeler, name), say('导出为矢量图（SVG）'));
  button(out, 'PNG', () => savePng(modeler, name), say('导出为图片（PNG）'));
  button(out, say('打印'), () => print(modeler, title(), printedAt()), say('打印（A3 横向，一页）'));

  if (!readonly) {
    const file = document.createElement('input');
    file.type = 'file';
    file.accept = '.bpmn,.xml';
    file.hidden = true;
    file.setAttribute('aria-label', say('导入文件'));
    file.addEventListener('change', async () => {
      const [chosen] = file.files;
      file.value = '';
      if (chosen) await bring(new Uint8Array(await chosen.arrayBuffer()), chosen.name);
    });
    bar.append(file);
    button(bar, say('导入文件'), () => file.click(), say('用别处画的图代替这一张（Camunda Modeler、bpmn.io 等导出的 .bpmn 文件）'));
  }
}
