/**
 * How the connection is, in words, and what can be done about it.
 */

import { need } from './dom.js';

/** @typedef {import('../parlor.js').State} State */

/** Why the server ended the connection for good. */
const ENDINGS = /** @type {Record<string, string>} */ ({
  malformed: 'The server did not understand this page. Reloading it may help.',
  not_identified: 'The server did not accept who you are.',
  not_allowed: 'The server does not let this page in.',
  too_large: 'The server refused what was sent as too large.',
  removed: 'You were removed from this server.',
});

const DEGRADED = 'The server is cut off from a part of itself. New messages may come late.';

export class ConnectionView {
  #pill = need('#connection', HTMLElement);
  #text = need('#connection-text', HTMLElement);
  #countdown = need('#connection-countdown', HTMLElement);
  #now = need('#connection-now', HTMLButtonElement);
  #notice = need('#notice', HTMLElement);
  #degraded = false;
  /** @type {State} */
  #state = { state: 'connecting' };
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticking;

  /** @param {() => void} now  the reader does not want to wait */
  constructor(now) {
    this.#now.addEventListener('click', () => now());
  }

  /** @param {State} state */
  show(state) {
    this.#state = state;
    this.#degraded = false; // that was told of the connection before
    clearInterval(this.#ticking);
    this.#countdown.textContent = '';
    if (state.state === 'waiting') this.#count(state.retryInMs);
    this.#draw();
  }

  /** @param {boolean} degraded  whether the server may be behind */
  showDegraded(degraded) {
    this.#degraded = degraded;
    this.#draw();
  }

  #draw() {
    const { state } = this.#state;
    const degraded = state === 'open' && this.#degraded;
    const words = { connecting: 'Connecting…', open: 'Connected', waiting: 'Reconnecting', closed: 'Disconnected' };
    this.#pill.dataset.state = degraded ? 'degraded' : state;
    this.#text.textContent = degraded ? 'Delayed' : words[state];
    this.#now.hidden = state === 'connecting' || state === 'open';
    this.#now.textContent = state === 'closed' ? 'Connect' : 'Now';
    const ending = this.#state.state === 'closed' ? ENDINGS[this.#state.code ?? ''] : undefined;
    this.#notice.textContent = ending ?? (degraded ? DEGRADED : '');
    this.#notice.hidden = this.#notice.textContent === '';
  }

  /** @param {number} ms */
  #count(ms) {
    const due = performance.now() + ms;
    const tick = () => {
      const seconds = Math.ceil((due - performance.now()) / 1000);
      this.#countdown.textContent = seconds > 0 ? `in ${seconds} s` : '';
    };
    this.#ticking = setInterval(tick, 500);
    tick();
  }
}
