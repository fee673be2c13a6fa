// What all editors share: the saved version and the draft, saving, checking, and who else is at work.
//
//   const desk = new Desk(element, {
//     read: async () => text,          the file as it stands in the editor
//     show: async (text) => {},        put this file into the editor; called by open() and whenever another state is to be seen
//     mark: (problems) => {},          draw what the lint found: [{file, line, element, code, severity, text, remedy}]
//   });
//   desk.onPick = (problem) => {};     somebody chose a problem from the list: centre its element
//   await desk.open();                 loads, shows, begins to listen
//   desk.changed();                    call it after every change that a person made
//
// `desk.editable` false: the file can only be looked at. `element` is the .zp-desk of templates/studio/editor.html, with data-state
// (address) and places named by data-desk: status, news, problems, comment, save. Nothing typed is lost: it is kept as a draft a moment
// after it was typed; where that fails in this browser's own store; and leaving asks first.

import { say } from '../words.js';
import { list } from './desk-problems.js';
import { News } from './desk-news.js';
import { Backup, Line, LoginLost, NoLine, Refused } from './desk-line.js';
import './words-studio.js';

const KEEP_AFTER = 1_500; // milliseconds after the last change
const CHECK_AFTER = 600;
const BEAT = 5_000; // so often everybody says that they are here

export class Desk {
  constructor(element, { read, show, mark = () => {} }) {
    this.element = element;
    this.read = read;
    this.show = show;
    this.mark = mark;
    this.onPick = () => {};
    this.editable = !('readonly' in element.dataset);
    this.line = new Line(element.dataset.state.replace(/\/state$/, ''));
    this.number = 0; // the version this work began from
    this.saved = ''; // its text
    this.kept = null; // the text the server holds as this person's draft; null: none
    this.changes = 0; // counted, so that what was typed while something was sent is not taken for sent
    this.told = 0; // the newest version of somebody else that was spoken of
    this.seen = 0; // `changes` that are saved, kept as a draft, or equal to the saved version
    this.timers = {};
    this.busy = Promise.resolve();
  }

  /** Load and show the file, and begin to keep, check and listen. */
  async open() {
    this.news = new News(this.place('news'));
    const state = await this.line.state();
    this.backup = new Backup(`${state.me} ${this.line.base}`); // several people may use one browser
    this.editable = this.editable && state.editable;
    await this.begin(state);
    if (!this.editable) {
      this.check();
      return;
    }
    this.place('save').addEventListener('click', () => this.save());
    document.addEventListener('keydown', (event) => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 's') {
        event.preventDefault();
        this.save();
      }
    });
    document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') this.keep(); });
    addEventListener('beforeunload', (event) => { if (this.changes !== this.seen) event.preventDefault(); });
    addEventListener('pagehide', () => { if (this.unkept) this.backup.put(this.unkept, this.number, this.kept); });
    this.others(state);
    this.check();
    this.beat();
    this.windows();
  }

  /** A person changed something. */
  changed() {
    if (!this.editable) return;
    this.changes += 1;
    this.tell(say('有未保存的修改'));
    this.later('keep', KEEP_AFTER);
    this.later('check', CHECK_AFTER);
  }

  /** Save what stands in the editor as the next version. Answers its number, or null where it could not be saved. */
  async save() {
    if (!this.editable) return null;
    clearTimeout(this.timers.keep);
    return this.inTurn(async () => {
      const text = await this.read();
      const upTo = this.changes;
      const comment = this.place('comment');
      this.tell(say('正在保存'));
      try {
        const { number } = await this.line.save({ content: text, comment: comment.value, seen: this.number });
        const unchanged = number === this.number;
        Object.assign(this, { number, saved: text, kept: null, seen: upTo });
        this.backup.drop();
        this.news.drop('draft');
        this.news.drop('moved');
        if (!unchanged) comment.value = '';
        this.tell(unchanged ? say('没有改动，仍是第 {n} 版', { n: number }) : say('已保存为第 {n} 版', { n: number }), 'good');
        this.element.dispatchEvent(new CustomEvent('zp:saved', { detail: { number }, bubbles: true }));
        return number;
      } catch (error) {
        this.kept = error.code === 'VERSION_MOVED' ? text : this.kept;
        if (error.code === 'VERSION_MOVED') {
          this.seen = upTo;
          this.moved(error.body);
        }
        this.trouble(error, say('没有保存'));
        return null;
      }
    });
  }

  /** Go back to the newest saved version; what was not saved is forgotten. */
  async revert() {
    await this.inTurn(async () => {
      clearTimeout(this.timers.keep);
      try {
        await this.line.forget();
        this.backup.drop();
        const state = await this.line.state();
        await this.begin({ ...state, draft: null });
        this.news.drop('moved');
        this.check();
      } catch (error) {
        this.trouble(error, say('没有办成'));
      }
    });
  }

  // --- loading -------------------------------------------------------------------------------------------------------

  async begin(state) {
    const stored = this.editable ? this.backup.get() : null;
    const other = stored && stored.content !== state.draft?.content && stored.content !== state.content ? stored : null;
    const backup = other && other.kept === (state.draft?.content ?? null) ? other : null;
    const draft = backup ?? state.draft;
    const shown = this.editable && draft && draft.content !== state.content ? draft : null;
    this.number = shown ? shown.base : state.number;
    this.saved = state.content;
    this.kept = state.draft?.content ?? null;
    this.changes = this.seen = 0;
    await this.show(shown ? shown.content : state.content);
    this.news.drop('draft');
    if (other && !backup) { // written here, while the same person wrote on elsewhere
      this.news.put('backup', say('这台电脑上还有一份没有送出的内容，与现在显示的不同。'), [{ words: say('改看那一份'), act: () => this.take(other) }], 'warning');
    } else if (!shown) this.backup.drop();
    if (!shown) {
      this.tell(state.number ? say('第 {n} 版，{who}保存', { n: state.number, who: state.by }) : say('与启用的版本相同'));
      return;
    }
    this.tell(say('这是您的草稿，还没有保存为版本'));
    this.news.put('draft', say('您上次写的还没有保存，现在显示的是草稿。'), [
      { words: say('放弃草稿，回到已保存的内容'), act: () => this.revert() },
    ]);
    if (shown === backup && this.kept !== shown.content) {
      this.changes += 1; // it never reached the server
      this.later('keep', 0);
    }
    if (shown.base < state.number) this.moved({ latest: state.number, by: state.by });
  }

  /** Show a text that this browser still had, as something not saved yet. */
  async take({ content, base }) {
    this.news.drop('backup');
    this.number = base;
    await this.show(content);
    this.changed();
  }

  // --- keeping -------------------------------------------------------------------------------------------------------

  /** Keep what is not saved as this person's draft. */
  async keep() {
    clearTimeout(this.timers.keep);
    if (this.changes === this.seen) return;
    await this.inTurn(async () => {
      const upTo = this.changes;
      const text = await this.read();
      this.unkept = text;
      try {
        if (text === this.saved) {
          if (this.kept !== null) await this.line.forget();
          this.kept = null;
          this.tell(say('与第 {n} 版相同', { n: this.number }));
        } else if (text !== this.kept) {
          const answer = await this.line.keep({ content: text, base: this.number });
          this.kept = text;
          this.others(answer);
          this.tell(say('草稿已保存（{time}），还没有保存为版本', { time: time() }));
        }
        this.seen = upTo;
        this.unkept = null;
        this.backup.drop();
        this.news.drop('trouble');
      } catch (error) {
        this.backup.put(text, this.number, this.kept);
        this.trouble(error, say('草稿没有保存成功，稍后自动再试。您写的内容还在本页。'));
        if (!(error instanceof Refused)) this.later('keep', BEAT);
      }
    });
  }

  // --- checking ------------------------------------------------------------------------------------------------------

  /** Ask the lint, draw its marks and list what it says. A failure is no news: the next change asks again. */
  async check() {
    const text = await this.read();
    try {
      const problems = await this.line.check(text);
      if (problems === null) return; // overtaken by a later question
      this.problems = problems;
      this.mark(problems);
      list(this.place('problems'), problems, (problem) => this.onPick(problem));
    } catch (error) {
      if (error instanceof Refused) this.trouble(error, say('没有检查成'));
    }
  }

  // --- others --------------------------------------------------------------------------------------------------------

  async beat() {
    clearTimeout(this.timers.beat);
    try {
      const answer = await this.line.keep({ content: null, base: this.number });
      this.others(answer);
      this.news.drop('trouble');
      if (this.changes !== this.seen) this.keep();
    } catch (error) {
      this.trouble(error, '');
      if (error.code === 'CHANGE_CLOSED' || error.status === 404) return; // nothing more can be saved here
    }
    this.timers.beat = setTimeout(() => this.beat(), BEAT);
  }

  /** Who else is here, and whether somebody saved: told at once. */
  others({ others, latest, latest_by: by }) {
    const names = others.map((one) => (one.typing ? say('{name}（有未保存的修改）', { name: one.name }) : one.name));
    if (names.length) this.news.put('others', say('{names}也打开了这个文件。两人都可以改；谁后保存，会先看到两份并排。', { names: names.join('、') }));
    else this.news.drop('others');
    if (latest > this.number) this.moved({ latest, by });
  }

  /** The same person's other windows: a draft is one per person, so they would overwrite each other. */
  windows() {
    const channel = new BroadcastChannel(this.backup.key);
    channel.addEventListener('message', ({ data }) => {
      this.news.put('twice', say('您在另一个窗口也打开了这个文件。请只在一个窗口里改，否则草稿会互相覆盖。'), [], 'warning');
      if (data === 'opened') channel.postMessage('here');
    });
    channel.postMessage('opened');
  }

  moved({ latest, by }) {
    if (latest !== this.told) {
      this.told = latest;
      if (this.kept !== null) { // saving from another window of the same person ended their draft there: keep it again
        this.kept = null;
        this.changes += 1;
        this.later('keep', 0);
      }
    }
    const acts = [{ words: say('并排看两份'), href: `${this.line.base}/conflict`, act: () => this.keep() }];
    if (this.changes === this.seen && this.kept === null) acts.unshift({ words: say('载入第 {n} 版', { n: latest }), act: () => this.revert() });
    this.news.put('moved', say('{who}保存了第 {n} 版。您写的内容都在，没有丢。', { who: by, n: latest }), acts, 'warning');
  }

  // --- small things --------------------------------------------------------------------------------------------------

  /** What is to be said where something went wrong; `words` where the server said nothing of its own. */
  trouble(error, words) {
    if (error instanceof NoLine) this.news.put('trouble', say('网络断了，正在重试。您写的内容还在本页，请先不要关闭。'), [], 'warning');
    else if (error instanceof LoginLost) {
      this.news.put('trouble', say('登录已过期。请勿关闭本页，先在新窗口登录，这里会自动接着保存。'), [{ words: say('在新窗口登录'), href: '/login', elsewhere: true }], 'warning');
    } else if (error instanceof Refused) {
      if (error.problems.length) list(this.place('problems'), error.problems, (problem) => this.onPick(problem));
      if (error.code !== 'VERSION_MOVED') this.news.put('trouble', error.message || words, [], 'warning');
    } else throw error;
    if (words) this.tell(words, 'bad');
  }

  place(name) {
    return this.element.querySelector(`[data-desk="${name}"]`);
  }

  tell(words, kind = '') {
    const status = this.place('status');
    if (status.textContent !== words) status.textContent = words;
    status.dataset.kind = kind;
  }

  later(what, pause) {
    clearTimeout(this.timers[what]);
    this.timers[what] = setTimeout(() => this[what](), pause);
  }

  /** One after the other: a draft never overtakes a version. */
  inTurn(work) {
    this.busy = this.busy.then(work, work);
    return this.busy;
  }
}

function time() {
  return new Date().toLocaleTimeString(document.documentElement.lang, { hour: '2-digit', minute: '2-digit' });
}
