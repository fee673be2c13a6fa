// English of what the desk and the plain text editor say.

import { learn } from '../words.js';

learn({
  有未保存的修改: 'There are unsaved changes',
  正在保存: 'Saving',
  '没有改动，仍是第 {n} 版': 'Nothing changed: this is still version {n}',
  '已保存为第 {n} 版': 'Saved as version {n}',
  没有保存: 'Not saved',
  没有办成: 'That did not work',
  没有检查成: 'It could not be checked',
  '第 {n} 版，{who}保存': 'Version {n}, saved by {who}',
  与启用的版本相同: 'The same as in the active release',
  '与第 {n} 版相同': 'The same as version {n}',
  '这是您的草稿，还没有保存为版本': 'This is your draft; it is not saved as a version yet',
  '您上次写的还没有保存，现在显示的是草稿。': 'What you wrote last time was not saved. You are looking at that draft.',
  '放弃草稿，回到已保存的内容': 'Discard the draft and go back to what is saved',
  '草稿已保存（{time}），还没有保存为版本': 'Draft kept ({time}); not saved as a version yet',
  '草稿没有保存成功，稍后自动再试。您写的内容还在本页。': 'The draft was not kept; it will be tried again. What you wrote is still on this page.',
  '{name}（有未保存的修改）': '{name} (with unsaved changes)',
  '{names}也打开了这个文件。两人都可以改；谁后保存，会先看到两份并排。': '{names} also opened this file. Both may edit; whoever saves second sees both side by side first.',
  并排看两份: 'See both side by side',
  '载入第 {n} 版': 'Load version {n}',
  '{who}保存了第 {n} 版。您写的内容都在，没有丢。': '{who} saved version {n}. What you wrote is all here.',
  '网络断了，正在重试。您写的内容还在本页，请先不要关闭。': 'The connection was lost and is being tried again. What you wrote is still on this page: please keep it open.',
  '登录已过期。请勿关闭本页，先在新窗口登录，这里会自动接着保存。': 'Your login has expired. Keep this page open and log in in another window: saving then goes on by itself.',
  在新窗口登录: 'Log in in a new window',
  '检查：{a} 处错误，{b} 处提醒': 'Check: {a} errors, {b} notes',
  '检查：没有发现问题': 'Check: nothing found',
  错误: 'Error',
  提醒: 'Note',
  '第 {n} 行': 'Line {n}',
});
