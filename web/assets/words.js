// Words that scripts say. Chinese is the source, English beside it; {names} are filled in.

const ENGLISH = {
  放大: 'Zoom in',
  缩小: 'Zoom out',
  看全图: 'Show the whole diagram',
  看当前步骤: 'Go to the current step',
  '流程图，方向键移动，加减号缩放，0 看全图': 'Diagram: arrow keys move, plus and minus zoom, 0 shows all of it',
  正在这里: 'Here now',
  '{n} 件': '{n}',
  '超期 {n}': '{n} late',
  '有事项在这里，数字是件数，可以点开': 'Cases stand here; the number says how many and opens them',
  有超期的: 'Some are late',
  '正在这里（{n} 处）': 'Here now ({n} times)',
  走过: 'Passed',
  没有场景走过: 'No scenario passes here',
  停住了: 'Stopped',
  有错误: 'Error',
  有提醒: 'Note',
  定时: 'Timer',
  '错误 {n}': '{n} errors',
  '提醒 {n}': '{n} notes',
  '流程图没有读出来。请看下面的文字版。': 'The diagram could not be read. See it as text below.',
  '图中没有布局信息，以下为自动排列。': 'The file holds no layout; it was arranged automatically.',
  '还可以写 {n} 字': '{n} characters left',
  '超出 {n} 字': '{n} characters too many',
  正在保存草稿: 'Saving the draft',
  '草稿已保存（{time}）': 'Draft saved ({time})',
  '草稿没有保存成功，稍后自动再试。您填写的内容还在本页。': 'The draft was not saved; it will be tried again. What you typed is still on this page.',
  '登录已过期：请勿关闭本页，在新窗口登录后，草稿会自动保存。': 'Your login has expired: keep this page open, log in in another window, and the draft will be saved.',
  '正在上传 {name}': 'Uploading {name}',
  '{name} 已上传': '{name} is uploaded',
  '保留：{name}': 'Keep: {name}',
  '{name} 没有上传成功：{why}': '{name} was not uploaded: {why}',
  网络中断: 'the connection was lost',
  '已添加第 {n} 项': 'Row {n} added',
  '已移除，还有 {n} 项': 'Removed; {n} rows are left',
  '最多 {n} 项': 'At most {n} rows',
};

const english = document.documentElement.lang.startsWith('en');

/** The sentence in the language of the page. */
export function say(chinese, values = {}) {
  const sentence = (english && ENGLISH[chinese]) || chinese;
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** More words, for what only some pages load. */
export function learn(more) {
  Object.assign(ENGLISH, more);
}
