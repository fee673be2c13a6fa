// The line between an editor and the server: what is asked, and in which ways it can fail.

/** The server cannot be reached, or is in trouble: trying again helps. */
export class NoLine extends Error {}

/** Nobody is logged in any more. */
export class LoginLost extends Error {}

/** The server said no; `code`, `status`, the whole `body`, and `problems` of the lint where it names some. */
export class Refused extends Error {
  constructor(status, body) {
    super(body.detail ?? '');
    this.status = status;
    this.code = body.code;
    this.body = body;
    this.problems = (body.problems ?? []).map((one) => ({ ...one, text: one.text ?? one.message }));
  }
}

export class Line {
  /** `base`: the address under which a file's questions stand. */
  constructor(base) {
    this.base = base;
    this.csrf = '';
    this.asking = null;
  }

  async state() {
    const state = await this.send('GET', 'state');
    this.csrf = state.csrf;
    return state;
  }

  keep(body) {
    return this.send('PUT', 'draft', body);
  }

  forget() {
    return this.send('DELETE', 'draft');
  }

  save(body) {
    return this.send('POST', 'versions', body);
  }

  /** The lint's findings; null where another check was asked for meanwhile. */
  async check(content) {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    try {
      return (await this.send('POST', 'check', { content }, { signal: asking.signal })).problems;
    } catch (error) {
      if (asking.signal.aborted) return null;
      throw error;
    }
  }

  async send(method, place, body, { signal, again = true } = {}) {
    let answer;
    try {
      answer = await fetch(`${this.base}/${place}`, {
        method,
        signal,
        credentials: 'same-origin',
        headers: { Accept: 'application/json', 'Content-Type': 'application/json', 'X-CSRF-Token': this.csrf },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch (error) {
      throw signal?.aborted ? error : new NoLine(String(error));
    }
    if (answer.status === 204) return null;
    const told = await answer.json().catch(() => ({}));
    if (answer.ok) return told;
    if (answer.status === 401) throw new LoginLost();
    if (answer.status === 403 && told.code === 'CSRF' && again) {
      await this.state(); // after a new login in another window the page's token is an old one
      return this.send(method, place, body, { signal, again: false });
    }
    if (answer.status >= 500 || answer.status === 429) throw new NoLine(told.detail);
    throw new Refused(answer.status, told);
  }
}

/** What could not be sent stands in this browser until it could. */
export class Backup {
  constructor(address) {
    this.key = `zp-desk ${address}`;
  }

  get() {
    try {
      return JSON.parse(localStorage.getItem(this.key));
    } catch {
      return null; // no store, or not ours: as if there were nothing
    }
  }

  /** `kept`: the draft that the server had when this could not be sent; where it has another by now, that one is newer. */
  put(content, base, kept) {
    try {
      localStorage.setItem(this.key, JSON.stringify({ content, base, kept }));
    } catch {
      // full or forbidden: the page itself still holds the text, and says that it is not kept
    }
  }

  drop() {
    try {
      localStorage.removeItem(this.key);
    } catch {
      // as in put
    }
  }
}
