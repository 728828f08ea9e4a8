/**
 * Who the reader is, and the token that says so.
 *
 * The name and a short random ending are kept in the browser, so that two people called Ana are two users, and each
 * stays the same one. The token comes from the server's development endpoint; where there is none, the reader brings
 * one.
 */

const KEY_NAME = 'parlor.name';
const KEY_ENDING = 'parlor.ending';
const KEY_TOKEN = 'parlor.token';
/** How long the server may take to make a token. */
const TOKEN_MS = 10_000;
const SLUG_MAX = 24;

/**
 * A name in plain letters, to be read in logs and typed in commands.
 * @param {string} name
 */
export function slug(name) {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const words = plain
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, SLUG_MAX)
    .replace(/^-+|-+$/g, '');
  return words || 'guest';
}

/** @param {string} text  what was pasted  @returns {string | null} the token in it, if its form is that of one */
export function tokenIn(text) {
  const [token] = text.match(/[\w-]+\.[\w-]+\.[\w-]+/) ?? [];
  return token ?? null;
}

/** One word for a shell.  @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Four letters and digits at random. */
function newEnding() {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789'; // 32 of them, none that looks like another
  return Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => letters[byte % letters.length]).join('');
}

/**
 * A browser's storage that a reader may have forbidden: then it lasts as long as the page.
 * @param {() => Storage} open
 */
export function keep(open) {
  /** @type {Map<string, string>} */
  const memory = new Map();
  return {
    /** @param {string} key */
    get(key) {
      try {
        return open().getItem(key);
      } catch {
        return memory.get(key) ?? null;
      }
    },
    /** @param {string} key  @param {string | null} value  `null` forgets it */
    set(key, value) {
      try {
        if (value === null) open().removeItem(key);
        else open().setItem(key, value);
      } catch {
        if (value === null) memory.delete(key);
        else memory.set(key, value);
      }
    },
  };
}

/** @typedef {ReturnType<typeof keep>} Store */

export class Identity {
  #lasting;
  #passing;
  #fetch;
  /** Whether the server makes tokens itself; `null` before it was asked.  @type {boolean | null} */
  served = null;

  /**
   * @param {Store} lasting  outlives the browser: the name
   * @param {Store} passing  outlives a reload only: a token that was brought
   * @param {typeof globalThis.fetch} fetch
   */
  constructor(lasting, passing, fetch) {
    this.#lasting = lasting;
    this.#passing = passing;
    this.#fetch = fetch;
  }

  get name() {
    return this.#lasting.get(KEY_NAME) ?? '';
  }

  /** Remembers the name.  @param {string} name */
  become(name) {
    this.#lasting.set(KEY_NAME, name.trim());
    this.bring(null);
  }

  /** The id that goes with the name. */
  get user() {
    let ending = this.#lasting.get(KEY_ENDING);
    if (!ending) this.#lasting.set(KEY_ENDING, (ending = newEnding()));
    return `${slug(this.name)}-${ending}`;
  }

  /** Forgets the name and a token that was brought. The same name will be the same user again. */
  forget() {
    this.#lasting.set(KEY_NAME, null);
    this.bring(null);
  }

  /** Whether it is known who this is. */
  get known() {
    return this.name !== '' || this.brought;
  }

  /** Whether the reader brought a token. */
  get brought() {
    return this.#brought !== null;
  }

  /** The command that makes a token for this reader. */
  get command() {
    return `parlor token --user ${this.user} --name ${quoted(this.name)}`;
  }

  /** Uses a token that the reader brought, from now until the tab is closed.  @param {string | null} token */
  bring(token) {
    this.#passing.set(KEY_TOKEN, token);
  }

  /**
   * @returns {Promise<string | null>} `null` if the reader has to bring one
   * @throws if the server cannot be reached, or cannot make one now
   */
  async token() {
    if (this.#brought) return this.#brought;
    const response = await this.#fetch('/dev/token', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ user: this.user, name: this.name }),
      signal: AbortSignal.timeout(TOKEN_MS),
    });
    this.served = response.status !== 404;
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(`no token: HTTP ${response.status}`);
    return (await response.json()).token;
  }

  get #brought() {
    return this.#passing.get(KEY_TOKEN);
  }
}
