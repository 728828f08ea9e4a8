/**
 * Sends, kept until the server has settled them.
 *
 * A room's sends go one after the other, each repeated under its id until it is sent or refused for good, so that they
 * take their positions in the order of the calls, whatever happens in between. (The server takes 20 a second from a
 * connection; nothing is lost by waiting for each.)
 *
 * Owned by the client in `parlor.js`. It holds at most {@link SENDS_MAX} sends; `stop()` ends its timers.
 *
 * @module parlor/outbox
 */

import { backoff, Refused } from './codes.js';

/** The most sends that may be unsettled at any time. */
export const SENDS_MAX = 1000;

/** @typedef {{type: 'send', room: string, id: string, body: string, reply_to?: number}} Send */
/**
 * The sends of one room. `busy`: the first one is under way, or waits to be repeated.
 * @typedef {{sends: Send[], busy: boolean, failures: number, timer?: ReturnType<typeof setTimeout>}} Queue
 */

/**
 * @typedef {object} Hooks
 * @property {(room: string) => boolean} ready                  whether a send to the room may go out now
 * @property {(send: Send) => Promise<{seq: number, at: string}>} ask  sends it; rejects with {@link Refused}
 * @property {(send: Send) => boolean} fits                     whether the server would take one of this size
 * @property {(send: Send, answer: {seq: number, at: string}) => void} sent
 * @property {(send: Send, refused: Refused) => void} failed
 */

export class Outbox {
  /** @type {Map<string, Queue>} */
  #queues = new Map();
  #hooks;

  /** @param {Hooks} hooks */
  constructor(hooks) {
    this.#hooks = hooks;
  }

  /** How many sends are not settled. */
  get size() {
    return [...this.#queues.values()].reduce((count, { sends }) => count + sends.length, 0);
  }

  /**
   * @param {Send} send
   * @throws {Refused} `too_many` if {@link SENDS_MAX} are waiting
   */
  add(send) {
    if (this.size >= SENDS_MAX) throw new Refused('too_many', 'too many messages wait to be sent');
    const queue = this.#queues.get(send.room) ?? { sends: [], busy: false, failures: 0 };
    this.#queues.set(send.room, queue);
    if (queue.sends.some(({ id }) => id === send.id)) return;
    queue.sends.push(send);
    queueMicrotask(() => this.pump(send.room)); // whoever adds learns the id before its fate
  }

  /**
   * Sends the room's next one, if it may go out.
   * @param {string} room
   */
  async pump(room) {
    const queue = this.#queues.get(room);
    if (!queue || queue.busy || !this.#hooks.ready(room)) return;
    const [send] = queue.sends;
    queue.busy = true;
    try {
      if (!this.#hooks.fits(send)) throw new Refused('too_large', 'the message is too long');
      this.settle(room, send.id, await this.#hooks.ask(send));
    } catch (error) {
      this.#refused(queue, send, /** @type {Refused} */ (error));
    }
  }

  /** Sends what may go out of every room. */
  pumpAll() {
    for (const room of this.#queues.keys()) this.pump(room);
  }

  /**
   * A send is committed: its answer says so, or the message itself, whichever comes first.
   * @param {string} room
   * @param {string} id
   * @param {{seq: number, at: string}} answer
   */
  settle(room, id, answer) {
    const queue = this.#queues.get(room);
    if (queue?.sends[0].id !== id) return;
    const send = this.#next(queue);
    this.#hooks.sent(send, answer);
    this.pump(room);
  }

  /** Ends the timers. What is not settled stays, for {@link pumpAll}. */
  stop() {
    for (const queue of this.#queues.values()) this.#rest(queue);
  }

  /**
   * @param {Queue} queue
   * @param {Send} send
   * @param {Refused} refused
   */
  #refused(queue, send, refused) {
    if (queue.sends[0] !== send) return; // the message itself came first
    if (refused.final) {
      this.#next(queue);
      this.#hooks.failed(send, refused);
      this.pump(send.room);
    } else if (this.#hooks.ready(send.room)) {
      const wait = Math.max(refused.retryMs, backoff(queue.failures++));
      queue.timer = setTimeout(() => this.#again(queue, send.room), wait);
    } else {
      this.#rest(queue); // sent again when the room is live again
    }
  }

  /**
   * @param {Queue} queue
   * @param {string} room
   */
  #again(queue, room) {
    this.#rest(queue);
    this.pump(room);
  }

  /**
   * @param {Queue} queue
   * @returns {Send} the one that is settled
   */
  #next(queue) {
    const send = /** @type {Send} */ (queue.sends.shift());
    this.#rest(queue);
    queue.failures = 0;
    if (queue.sends.length === 0) this.#queues.delete(send.room);
    return send;
  }

  /** @param {Queue} queue */
  #rest(queue) {
    clearTimeout(queue.timer);
    queue.busy = false;
  }
}
