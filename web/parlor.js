/**
 * The client of Parlor's native protocol, `parlor.v1`.
 *
 * It comes back by itself after a cut, joins its rooms again where it stopped, repeats what was not answered under the
 * same id, and tells each event of a room once and in order. It knows nothing of pages.
 *
 * ```js
 * const chat = connect({ url: 'wss://chat.example.com/ws', token: () => fetchToken() });
 * chat.on('message', ({ room, seq, user, body }) => …);
 * chat.join('lobby');
 * chat.send('lobby', 'Hello');
 * ```
 *
 * It holds a place for each joined room (the server allows 100), the sends that are not settled (at most
 * {@link SENDS_MAX}), and the questions under way (each ends within {@link ANSWER_MS}). `close()` ends all of it.
 *
 * @module parlor
 */

import { backoff, Refused } from './parlor/codes.js';
import { Line } from './parlor/line.js';
import { Outbox } from './parlor/outbox.js';

export { CODES, Refused } from './parlor/codes.js';
export { SENDS_MAX } from './parlor/outbox.js';

/**
 * @typedef {object} Options
 * @property {string} url  `ws://` or `wss://`, the path included
 * @property {() => string | null | Promise<string | null>} token  asked before every attempt and when the token runs
 *   out; `null`: there is none, give up; throwing: none is to be had now, try again later. It should end by itself.
 * @property {typeof globalThis.WebSocket} [WebSocket]  another implementation, where there is none in the language
 */

/** @typedef {{id: string, name: string}} User */

/**
 * Where the connection stands. `waiting`: it was lost or could not be made, the next attempt comes in `retryInMs`.
 * `closed`: nothing more happens until {@link Parlor#connect}; the code is `null` if that was wished for.
 * @typedef {{state: 'connecting'}
 *   | {state: 'open'}
 *   | {state: 'waiting', retryInMs: number, code: string}
 *   | {state: 'closed', code: string | null}} State
 */

/**
 * A message, as it was said (an event) or as it stands now (in a page of history).
 * @typedef {object} Message
 * @property {number} seq          its position in the room's log
 * @property {string} id           the id under which its author sent it
 * @property {User} user           its author, with the name of that time
 * @property {string} [body]       what it says; absent once it is deleted
 * @property {string} at           when it was committed (RFC 3339)
 * @property {number} [reply_to]   the position of the message that it answers
 * @property {string} [edited_at]  when it was last edited; in history only
 * @property {boolean} [deleted]   that it was taken back
 */

/** @typedef {{room: string, seq: number, target: number, user: User, at: string}} Change  of the message `target` */
/** @typedef {{room: string, seq: number, first_seq: number, epoch: string, truncated: boolean}} Joined */
/** @typedef {{room: string, code: string, message: string}} RoomLost */
/** @typedef {{room: string, id: string, seq: number, at: string}} Sent */
/** @typedef {{room: string, id: string, code: string, message: string}} SendFailed */
/** @typedef {{room: string, name?: string, kind?: string, seq: number}} RoomSummary */
/** @typedef {{messages: Message[], more: boolean}} Page  oldest first; `more` in the direction that was asked for */

/**
 * What can be listened to, and what a listener is given.
 * @typedef {object} Events
 * @property {State} state       the connection changed its state
 * @property {Joined} joined     a room is live; `truncated`: forget what was shown of it and start again
 * @property {RoomLost} refused  a room could not be joined, and trying again is no use
 * @property {RoomLost} removed  the user was put out of a room
 * @property {Message & {room: string}} message
 * @property {Change & {body?: string}} edited
 * @property {Change} deleted
 * @property {Change & {emoji: string, on: boolean}} reaction
 * @property {Sent} sent         a send is committed
 * @property {SendFailed} failed a send was refused: certainly not stored
 * @property {{state: 'degraded' | 'ok'}} status  whether the server may be behind
 * @property {{room: string, joined: User[], left: User[], count: number}} presence  users who came and went; how many are there
 * @property {{room: string, users: User[], count: number}} who  the list of those who are there begins anew
 * @property {{room: string, user: User}} typing
 * @property {{room: string, name: string, user: User, data: unknown}} whisper
 * @property {object} read
 * @property {object} notice
 */

/**
 * A joined room. `seq` is the last position that was told (`undefined` until the room is live for the first time),
 * `head` the highest known one, `ref` the latest question to join.
 * @typedef {{seq?: number, head: number, epoch?: string, live: boolean, ref: number, failures: number,
 *   timer?: ReturnType<typeof setTimeout>}} Place
 */

/**
 * What was asked and is not answered.
 * @typedef {object} Question
 * @property {(answer: any) => void} resolve
 * @property {(refused: Refused) => void} reject
 * @property {ReturnType<typeof setTimeout>} timer
 */

/** How long an answer may take. The server needs at most 5 s; what takes twice that is lost. */
export const ANSWER_MS = 10_000;

/** The events that take a position in a room's log. */
const LOGGED = new Set(['message', 'edited', 'deleted', 'reaction']);
/** The events that take none and are passed on as they come. */
const PASSING = new Set(['status', 'presence', 'typing', 'whisper', 'read', 'notice']);
/** What the server allows where its welcome does not say. */
const LIMITS = Object.freeze({ body_bytes: 16_384, frame_bytes: 65_536 });

/** @param {string} text */
const bytesOf = (text) => new TextEncoder().encode(text).length;

/**
 * Half a surrogate pair has no UTF-8: the server would take a frame with one for broken and close the connection.
 * @param {string} text
 */
const wellFormed = (text) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text));

/** An id that no other client makes. (`randomUUID` needs a secure context, and `http://` on a LAN is none.) */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Makes a client and connects it.
 * @param {Options} options
 */
export function connect(options) {
  const client = new Parlor(options);
  client.connect();
  return client;
}

export class Parlor extends EventTarget {
  /** Who the server says this is; `null` before the first welcome.  @type {User | null} */
  user = null;
  /** The server's limits, by the names of its configuration; 0 is no limit.  @type {Record<string, number>} */
  limits = LIMITS;
  #line;
  #outbox;
  /** @type {Map<string, Place>} */
  #places = new Map();
  /** @type {Map<unknown, Question>} */
  #questions = new Map();
  #ref = 0;

  /** @param {Options} options */
  constructor(options) {
    super();
    this.#line = new Line(options, { state: (state) => this.#moved(state), frame: (frame) => this.#hear(frame) });
    this.#outbox = new Outbox({
      ready: (room) => this.#line.open && (this.#places.get(room)?.live ?? true),
      fits: (send) => this.#fits(send),
      ask: (send) => this.#ask(send).answer,
      sent: ({ room, id }, { seq, at }) => this.#tell('sent', { room, id, seq, at }),
      failed: ({ room, id }, { code, message }) => this.#tell('failed', { room, id, code, message }),
    });
  }

  /** @returns {State} */
  get state() {
    return this.#line.state;
  }

  /** How many sends are neither sent nor refused. */
  get unsettled() {
    return this.#outbox.size;
  }

  /**
   * Listens to one kind of event.
   * @template {keyof Events} K
   * @param {K} type
   * @param {(detail: Events[K]) => void} listener
   * @returns {() => void} ends the listening
   */
  on(type, listener) {
    const handler = (/** @type {Event} */ event) => listener(/** @type {CustomEvent} */ (event).detail);
    this.addEventListener(type, handler);
    return () => this.removeEventListener(type, handler);
  }

  /** Connects, if it is closed. Rooms and sends of before go on. */
  connect() {
    if (this.state.state === 'closed') this.#line.dial();
  }

  /** Closes for good, until {@link connect}. */
  close() {
    this.#line.end(null);
  }

  /** For when the network or the page comes back: does not wait for the next attempt or the next heartbeat. */
  wake() {
    this.#line.wake();
  }

  /**
   * Joins a room and keeps it joined over cuts; `joined` or `refused` tells how it went.
   * @param {string} room
   * @param {{after?: number, epoch?: string}} [from]  the last position seen, to be told all that came after; without
   *   it, what comes from now on
   */
  join(room, { after, epoch } = {}) {
    if (this.#places.has(room)) return;
    this.#places.set(room, { seq: after, head: after ?? 0, epoch, live: false, ref: 0, failures: 0 });
    this.#enter(room);
  }

  /** @param {string} room */
  leave(room) {
    if (!this.#places.has(room)) return;
    this.#forget(room);
    this.#ask({ type: 'leave', room }).answer.catch(() => {}); // whatever the answer, its events are not told any more
  }

  /**
   * Where a joined room stands: the last position told, the highest one known, and the epoch; `null` until it is live
   * for the first time.
   * @param {string} room
   */
  position(room) {
    const place = this.#places.get(room);
    return place?.seq === undefined ? null : { seq: place.seq, head: place.head, epoch: place.epoch };
  }

  /**
   * Sends a message, now or as soon as the room can be reached; `sent` or `failed` tells how it ended. Sends to one
   * room are stored in the order of the calls.
   * @param {string} room
   * @param {string} body
   * @param {{id?: string, replyTo?: number}} [extra]  an `id` used before names the same message
   * @returns {string} the message's id
   * @throws {Refused} `too_many` if too many sends are unsettled
   */
  send(room, body, { id = newId(), replyTo } = {}) {
    this.#outbox.add({ type: 'send', room, id, body: wellFormed(body), reply_to: replyTo });
    return id;
  }

  /**
   * A page of a room's messages as they stand now, before or after a position.
   * @param {string} room
   * @param {{before?: number, after?: number, limit?: number}} range
   * @returns {Promise<Page>} rejects with {@link Refused}
   */
  history(room, range) {
    return this.#ask({ type: 'history', room, ...range }).answer;
  }

  /**
   * Who is in a room; no users where there are too many to be listed.
   * @param {string} room
   * @returns {Promise<{users: (User & {connections: number})[], count: number}>} rejects with {@link Refused}
   */
  who(room) {
    return this.#ask({ type: 'who', room }).answer;
  }

  /** Tells the others in a joined room that this user is writing. Nobody answers.  @param {string} room */
  typing(room) {
    this.#line.say({ type: 'typing', room });
  }

  /** @returns {Promise<RoomSummary[]>} the rooms of the user; rejects with {@link Refused} */
  async rooms() {
    return (await this.#ask({ type: 'rooms' }).answer).rooms;
  }

  /** @param {State} state */
  #moved(state) {
    if (state.state === 'open') for (const room of this.#places.keys()) this.#enter(room);
    else this.#cutOff();
    if (state.state === 'closed') this.#outbox.stop();
    this.#tell('state', state);
    if (state.state === 'open') this.#outbox.pumpAll();
  }

  #cutOff() {
    for (const place of this.#places.values()) {
      place.live = false;
      clearTimeout(place.timer);
    }
    for (const ref of [...this.#questions.keys()])
      this.#reject(ref, new Refused('unavailable', 'the connection was lost'));
  }

  /** @param {Record<string, any>} frame */
  #hear(frame) {
    if (frame.type === 'welcome') this.#greeted(frame);
    else if (frame.type === 'joined') this.#joined(frame);
    else if (frame.type === 'left') this.#left(frame);
    else if (LOGGED.has(frame.type)) this.#logged(frame);
    else if (PASSING.has(frame.type)) this.#tell(frame.type, frame);
    else if (frame.type === 'who' && frame.ref == null) this.#tell('who', frame);
    if (frame.type === 'refused') this.#reject(frame.ref, new Refused(frame.code, frame.message, frame.retry_ms));
    else this.#resolve(frame.ref, frame);
  }

  /** @param {Record<string, any>} welcome */
  #greeted({ user, limits }) {
    this.user = user ?? this.user;
    this.limits = { ...LIMITS, ...limits };
  }

  /**
   * Asks to join, and asks again for as long as that is of use.
   * @param {string} room
   */
  async #enter(room) {
    const place = this.#places.get(room);
    if (!place || !this.#line.open) return; // all are entered when the line opens
    const { ref, answer } = this.#ask({ type: 'join', room, after: place.seq, epoch: place.epoch });
    place.ref = ref;
    try {
      await answer;
    } catch (error) {
      this.#notJoined(room, place, /** @type {Refused} */ (error));
    }
  }

  /**
   * @param {string} room
   * @param {Place} place
   * @param {Refused} refused
   */
  #notJoined(room, place, refused) {
    if (this.#places.get(room) !== place || !this.#line.open) return;
    if (refused.final) {
      this.#tell('refused', { room, code: refused.code, message: refused.message });
      this.#forget(room);
    } else {
      const wait = Math.max(refused.retryMs, backoff(place.failures++));
      place.timer = setTimeout(() => this.#enter(room), wait);
    }
  }

  /**
   * The answer to the latest question to join, or (without `ref`) the server's word that the room starts again. From
   * here on its events count.
   * @param {Record<string, any>} joined
   */
  #joined(joined) {
    const { room, ref, seq, epoch, truncated } = joined;
    const place = this.#places.get(room);
    if (!place || (ref != null && ref !== place.ref)) return;
    clearTimeout(place.timer);
    place.live = true;
    place.failures = 0;
    place.epoch = epoch;
    place.seq = truncated ? 0 : (place.seq ?? seq);
    place.head = truncated ? seq : Math.max(place.head, seq);
    this.#tell('joined', joined);
    this.#outbox.pump(room);
  }

  /** @param {Record<string, any>} left  an answer if it has a `ref`, else the end of this user's stay */
  #left({ room, ref, code = 'removed', message = code }) {
    if (ref != null || !this.#places.has(room)) return;
    this.#tell('removed', { room, code, message });
    this.#forget(room);
  }

  /**
   * An event of a room's log. What is not after the last one told was told before.
   * @param {Record<string, any>} event
   */
  #logged(event) {
    const place = this.#places.get(event.room);
    if (!place?.live || place.seq === undefined || !(event.seq > place.seq)) return;
    place.seq = event.seq;
    place.head = Math.max(place.head, event.seq);
    this.#tell(event.type, event);
    const { type, room, id, user, seq, at } = event;
    if (type === 'message' && user?.id === this.user?.id) this.#outbox.settle(room, id, { seq, at }); // stored, then
  }

  /** @param {string} room */
  #forget(room) {
    clearTimeout(this.#places.get(room)?.timer);
    this.#places.delete(room);
    this.#outbox.pump(room); // what waited for the room to be live is up to the server now
  }

  /** @param {import('./parlor/outbox.js').Send} send */
  #fits(send) {
    const { body_bytes: bodyMax, frame_bytes: frameMax } = this.limits; // 0 is no limit
    const frame = JSON.stringify({ ...send, ref: Number.MAX_SAFE_INTEGER });
    return (!bodyMax || bytesOf(send.body) <= bodyMax) && (!frameMax || bytesOf(frame) <= frameMax);
  }

  /**
   * @param {Record<string, any>} frame
   * @returns {{ref: number, answer: Promise<any>}} the answer rejects with {@link Refused}, `unavailable` if none comes
   */
  #ask(frame) {
    const ref = ++this.#ref;
    const answer = new Promise((resolve, reject) => {
      if (!this.#line.say({ ...frame, ref })) return reject(new Refused('unavailable', 'not connected'));
      const timer = setTimeout(() => this.#reject(ref, new Refused('unavailable', 'no answer came')), ANSWER_MS);
      this.#questions.set(ref, { resolve, reject, timer });
    });
    return { ref, answer };
  }

  /** @param {unknown} ref  @param {Record<string, any>} frame */
  #resolve(ref, frame) {
    this.#taken(ref)?.resolve(frame);
  }

  /** @param {unknown} ref  @param {Refused} refused */
  #reject(ref, refused) {
    this.#taken(ref)?.reject(refused);
  }

  /** @param {unknown} ref */
  #taken(ref) {
    const question = this.#questions.get(ref);
    clearTimeout(question?.timer);
    this.#questions.delete(ref);
    return question;
  }

  /** @param {keyof Events} type  @param {unknown} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
