/**
 * One connection that keeps itself alive: token, opening, heartbeat, waiting, coming back.
 *
 * Owned by the client in `parlor.js`. It holds one socket and two timers at most; `end()` lets go of all of them.
 *
 * @module parlor/line
 */

import { backoff, CODES, codeOfClose } from './codes.js';

/** @typedef {import('../parlor.js').Options} Options */
/** @typedef {import('../parlor.js').State} State */
/** @typedef {Record<string, any>} Frame */

const SUBPROTOCOL = 'parlor.v1';
const TOKEN_SUBPROTOCOL = 'parlor.token.';
/** How long opening may take, from the socket to `welcome`. */
const WELCOME_MS = 10_000;
/** How long a connection may stay silent after it was asked for a sign of life. */
const SILENCE_MS = 10_000;
/** How long a connection must last before the next failure counts as the first one again. */
const STEADY_MS = 5_000;
/** How many tokens in a row may be turned down before it is no use to ask for another. */
const TOKENS_REFUSED_MAX = 2;

/**
 * A frame is one JSON object; anything else says nothing.
 * @param {unknown} text
 * @returns {Frame | null}
 */
function parse(text) {
  try {
    const frame = JSON.parse(String(text));
    return typeof frame === 'object' ? frame : null;
  } catch {
    return null;
  }
}

/**
 * One timer serves the whole life, because the things that are waited for never overlap: the welcome while connecting,
 * the next sign of life while open, the next attempt while waiting. The `turn` names the attempt: what the socket or
 * the token of an earlier one still says is not heard.
 */
export class Line {
  /** @type {State} */
  state = { state: 'closed', code: null };
  #options;
  #hooks;
  #turn = 0;
  #failures = 0;
  #tokensRefused = 0;
  #pingMs = 25_000;
  #probing = false;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {Frame | null} */
  #bye = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #steady;

  /**
   * @param {Options} options
   * @param {{state: (state: State) => void, frame: (frame: Frame) => void}} hooks
   */
  constructor(options, hooks) {
    this.#options = options;
    this.#hooks = hooks;
  }

  get open() {
    return this.state.state === 'open';
  }

  /** Makes the connection, in place of one that may exist. */
  async dial() {
    const turn = this.#nextTurn();
    this.#enter({ state: 'connecting' });
    const token = await this.#token();
    if (turn !== this.#turn) return;
    if (token === undefined) this.#lost('unavailable');
    else if (token === null) this.end('not_identified');
    else this.#connect(token);
  }

  /**
   * @param {Frame} frame
   * @returns {boolean} whether it was handed to an open socket
   */
  say(frame) {
    if (this.open) this.#socket?.send(JSON.stringify(frame));
    return this.open;
  }

  /** Makes the connection now if it waits for its next attempt; finds out whether it still lives if it is open. */
  wake() {
    if (this.state.state === 'waiting') this.dial();
    else if (this.open && !this.#probing) this.#probe();
  }

  /** @param {string | null} code  why; `null` if it was wished for */
  end(code) {
    this.#nextTurn();
    this.#tokensRefused = 0;
    this.#enter({ state: 'closed', code });
  }

  /** @returns {Promise<string | null | undefined>} `null`: there is none; `undefined`: none was to be had now */
  async #token() {
    try {
      return (await this.#options.token()) || null;
    } catch {
      return undefined;
    }
  }

  /** @param {string} token */
  #connect(token) {
    const turn = this.#turn;
    const { url, WebSocket: Socket = WebSocket } = this.#options;
    try {
      this.#socket = new Socket(url, [SUBPROTOCOL, TOKEN_SUBPROTOCOL + token]);
    } catch {
      return this.end('not_identified'); // a text that cannot be the name of a subprotocol is no token
    }
    this.#waitFor(WELCOME_MS, () => this.#lost('quiet'));
    this.#socket.onmessage = ({ data }) => {
      if (turn === this.#turn) this.#hear(data);
    };
    this.#socket.onclose = ({ code }) => {
      if (turn === this.#turn) this.#lost(this.#bye?.code ?? codeOfClose(code), this.#bye?.retry_ms);
    };
    this.#socket.onerror = () => {}; // `close` follows and says as much as a page may know
  }

  /** @param {unknown} data */
  #hear(data) {
    if (this.open) this.#listen();
    const frame = parse(data);
    if (!frame) return;
    if (frame.type === 'bye') this.#bye = frame;
    if (frame.type === 'token_expiring') this.#renew();
    this.#hooks.frame(frame);
    if (frame.type === 'welcome') this.#welcome(frame);
  }

  /** @param {Frame} welcome */
  #welcome({ ping_s: pingS }) {
    if (pingS > 0) this.#pingMs = pingS * 1000;
    if (this.open) return; // said again after a token was renewed
    this.#tokensRefused = 0;
    this.#steady = setTimeout(() => (this.#failures = 0), STEADY_MS);
    this.#enter({ state: 'open' });
    this.#listen();
  }

  /** Any frame is a sign of life. Browsers do not show ping frames, so silence is answered with a question. */
  #listen() {
    this.#probing = false;
    this.#waitFor(this.#pingMs, () => this.#probe());
  }

  #probe() {
    this.#probing = true;
    this.say({ type: 'ping' });
    this.#waitFor(SILENCE_MS, () => this.#lost('quiet'));
  }

  /** Where no new token is to be had, the connection ends with the old one, and the next attempt asks again. */
  async #renew() {
    const turn = this.#turn;
    const token = await this.#token();
    if (token && turn === this.#turn) this.say({ type: 'hello', token });
  }

  /**
   * @param {string} code
   * @param {number} [retryMs]  the wait that the server asked for
   */
  #lost(code, retryMs = 0) {
    const advice = CODES[code]?.advice ?? 'again';
    const tokenUseless = advice === 'token' && ++this.#tokensRefused >= TOKENS_REFUSED_MAX;
    if (advice === 'give_up' || tokenUseless) return this.end(code);
    this.#nextTurn();
    const retryInMs = Math.max(retryMs, backoff(this.#failures++));
    this.#waitFor(retryInMs, () => this.dial());
    this.#enter({ state: 'waiting', retryInMs, code });
  }

  /** Lets go of the socket and of all that waits for it. A dead one may take minutes to close; nobody waits for it. */
  #nextTurn() {
    clearTimeout(this.#timer);
    clearTimeout(this.#steady);
    this.#socket?.close();
    this.#socket = null;
    this.#bye = null;
    this.#probing = false;
    return ++this.#turn;
  }

  /**
   * @param {number} ms
   * @param {() => void} then
   */
  #waitFor(ms, then) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }

  /** @param {State} state */
  #enter(state) {
    this.state = state;
    this.#hooks.state(state);
  }
}
