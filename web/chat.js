/**
 * The chat itself: one client, the room that is shown, and the views, tied together. It lives as long as the page.
 */

import { Company, WRITING_MS } from './company.js';
import { Conversation } from './conversation.js';
import { Outgoing } from './outgoing.js';
import { connect, newId } from './parlor.js';
import { hashOf, roomOfHash, Rooms } from './rooms.js';
import { rowsOf } from './rows.js';
import { CompanyView } from './views/company.js';
import { Composer } from './views/composer.js';
import { ConnectionView } from './views/connection.js';
import { MessagesView } from './views/messages.js';
import { RoomsView } from './views/rooms.js';

/** @typedef {import('./parlor.js').Options} Options */
/** @typedef {import('./parlor.js').State} State */
/** @typedef {import('./parlor.js').Message} Message */
/** @typedef {import('./parlor.js').Change} Change */

/** How often the list of rooms is read again while somebody looks at the page. */
const ROOMS_MS = 30_000;
/** How long a drawing stays before the next one: a burst of messages is drawn as often as a screen can show it. */
const FRAME_MS = 16;
/** How often the others are told that the reader is writing. */
const TYPING_MS = 2000;
const TITLE = 'Parlor';

export class Chat {
  #client;
  #unidentified;
  #rooms = new Rooms();
  #outgoing = new Outgoing();
  #conversation;
  #messages;
  #drawer;
  #composer;
  #connection;
  #company = new Company();
  #companyView = new CompanyView();
  #typedAt = -Infinity;
  #drawing = false;
  #drawnAt = -Infinity;
  /** How many messages came while nobody looked at the page. */
  #missed = 0;

  /**
   * @param {Options} options
   * @param {{unidentified: () => void, signOut: () => void}} actions  `unidentified`: no token is to be had, or none of
   *   them was taken
   */
  constructor(options, { unidentified, signOut }) {
    this.#unidentified = unidentified;
    this.#client = connect(options);
    this.#connection = new ConnectionView(() => this.connect());
    this.#composer = new Composer({
      say: (body) => this.#say(body),
      writing: () => this.#writes(),
      again: () => this.#show(this.#rooms.current),
    });
    this.#drawer = new RoomsView({ visit: (room) => this.#visit(room), opened: () => this.#readRooms(), signOut });
    this.#messages = new MessagesView({
      older: () => this.#conversation.older(),
      newer: () => this.#conversation.newer(),
      end: () => this.#conversation.toEnd(),
      moved: (following) => this.#conversation.follow(following),
      again: () => this.#conversation.resume(),
      retry: (id) => this.#retry(id),
      discard: (id) => this.#discard(id),
    });
    this.#conversation = this.#newConversation(roomOfHash(location.hash));
    this.#listenToClient();
    this.#listenToPage();
    this.#connection.show(this.#client.state);
    this.#show(this.#conversation.room);
  }

  /** Connects now, if it is not connected. */
  connect() {
    this.#client.connect();
    this.#client.wake();
  }

  #listenToClient() {
    const client = this.#client;
    client.on('state', (state) => this.#moved(state));
    client.on('status', ({ state }) => this.#connection.showDegraded(state === 'degraded'));
    client.on('joined', (joined) => this.#joined(joined));
    client.on('refused', (lost) => this.#lost(lost));
    client.on('removed', (lost) => this.#lost(lost));
    client.on('message', (message) => this.#heard(message));
    client.on('edited', (change) => this.#changed({ ...change, type: 'edited' }));
    client.on('deleted', (change) => this.#changed({ ...change, type: 'deleted' }));
    client.on('presence', (change) => this.#meets(change.room, () => this.#company.change(change)));
    client.on('who', (who) => this.#meets(who.room, () => this.#company.list(who)));
    client.on('typing', ({ room, user }) => this.#seesWriting(room, user));
    client.on('sent', (sent) => this.#settled(() => this.#outgoing.sent(sent)));
    client.on('failed', (failed) => this.#settled(() => this.#outgoing.failed(failed)));
  }

  #listenToPage() {
    addEventListener('hashchange', () => this.#show(roomOfHash(location.hash)));
    addEventListener('online', () => this.#client.wake());
    addEventListener('beforeunload', (event) => this.#outgoing.pending > 0 && event.preventDefault());
    document.addEventListener('visibilitychange', () => this.#lookedAt());
    setInterval(() => document.hidden || this.#readRooms(), ROOMS_MS);
  }

  /** @param {State} state */
  #moved(state) {
    this.#connection.show(state);
    if (state.state === 'closed' && state.code === 'not_identified') this.#unidentified();
    if (state.state !== 'open') return;
    this.#composer.limit(this.#client.limits.body_bytes);
    this.#rooms.limit(this.#client.limits.rooms_per_connection);
    this.#drawer.showMe(this.#me);
    this.#readRooms();
    this.#draw();
  }

  /** @param {import('./parlor.js').Joined} joined */
  #joined(joined) {
    if (joined.room === this.#conversation.room) {
      this.#conversation.joined(joined);
      this.#askWho(joined.room);
    }
    this.#readRooms();
  }

  /** @param {string} room */
  async #askWho(room) {
    const who = await this.#client.who(room).catch(() => null);
    if (who) this.#meets(room, () => this.#company.list(who)); // without one, those who come and go are told
  }

  /** @param {string} room  @param {() => void} note */
  #meets(room, note) {
    if (room !== this.#conversation.room) return;
    note();
    this.#drawCompany();
  }

  /** @param {string} room  @param {import('./parlor.js').User} user */
  #seesWriting(room, user) {
    this.#meets(room, () => this.#company.writes(user, performance.now()));
    setTimeout(() => this.#drawCompany(), WRITING_MS);
  }

  #drawCompany() {
    this.#companyView.show(this.#company, this.#company.writing(this.#me, performance.now()));
  }

  #writes() {
    if (performance.now() - this.#typedAt < TYPING_MS) return;
    this.#typedAt = performance.now();
    this.#client.typing(this.#conversation.room);
  }

  /** @param {import('./parlor.js').RoomLost} lost */
  #lost(lost) {
    this.#rooms.lose(lost.room);
    this.#drawer.show(this.#rooms.list);
    if (lost.room === this.#conversation.room) this.#conversation.lose(lost);
  }

  /** @param {Message & {room: string}} message */
  #heard(message) {
    const own = message.user.id === this.#me.id;
    if (own) this.#outgoing.drop(message.id);
    this.#meets(message.room, () => this.#company.said(message.user));
    if (message.room === this.#conversation.room) this.#conversation.say(message, own);
    else if (!own) this.#rooms.count(message.room);
    if (!own && document.hidden) this.#missed += 1;
    if (!own) this.#drawTitle();
    if (message.room !== this.#conversation.room) this.#drawer.show(this.#rooms.list);
  }

  /** @param {Change & {room: string, type: string}} change */
  #changed(change) {
    if (change.room === this.#conversation.room) this.#conversation.change(change);
  }

  /** @param {() => void} note */
  #settled(note) {
    note();
    this.#draw();
  }

  /** The address names the room, so that it can be linked.  @param {string} room */
  #visit(room) {
    if (room === this.#rooms.current && this.#conversation.lost) this.#show(room);
    else location.hash = hashOf(room);
  }

  /** @param {string} room */
  #show(room) {
    history.replaceState(null, '', hashOf(room));
    for (const left of this.#rooms.show(room)) this.#client.leave(left);
    this.#conversation = this.#newConversation(room);
    this.#company = new Company();
    this.#drawCompany();
    this.#drawer.show(this.#rooms.list);
    this.#composer.enter(room, this.#rooms.nameOf(room));
    this.#conversation.open();
    this.#composer.invite();
    this.#drawTitle();
    this.#draw();
  }

  /** @param {string} room */
  #newConversation(room) {
    /** @type {Conversation} */
    const conversation = new Conversation(
      this.#client,
      room,
      () => conversation === this.#conversation && this.#draw(),
    );
    return conversation;
  }

  /** @param {string} body */
  #say(body) {
    const id = newId();
    this.#outgoing.add({ id, room: this.#conversation.room, body });
    this.#conversation.toEnd();
    this.#post(id);
  }

  /** @param {string} id */
  #retry(id) {
    const draft = this.#outgoing.get(id);
    if (!draft) return;
    this.#outgoing.add(draft);
    this.#post(id);
  }

  /** @param {string} id */
  #discard(id) {
    this.#outgoing.drop(id);
    this.#draw();
  }

  /** @param {string} id */
  #post(id) {
    const draft = this.#outgoing.get(id);
    if (!draft) return;
    try {
      this.#client.send(draft.room, draft.body, { id });
    } catch {
      this.#outgoing.failed({ id, code: 'too_many' });
    }
    this.#draw();
  }

  async #readRooms() {
    const rooms = await this.#client.rooms().catch(() => null);
    if (!rooms) return; // the next occasion will do
    this.#rooms.learn(rooms);
    this.#drawer.show(this.#rooms.list);
    this.#drawTitle();
  }

  #lookedAt() {
    if (document.hidden) return;
    this.#missed = 0;
    this.#client.wake();
    this.#drawTitle();
  }

  #drawTitle() {
    const name = this.#rooms.nameOf(this.#rooms.current);
    document.title = `${this.#missed > 0 ? `(${this.#missed}) ` : ''}${name} – ${TITLE}`;
    this.#messages.showName(name);
  }

  /**
   * Draws the room, once for all that changed in one go. (Not by `requestAnimationFrame`: that stands still in a tab
   * that nobody looks at, and the page would fall behind.)
   */
  #draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    const draw = () => {
      this.#drawing = false;
      this.#drawNow();
      this.#drawnAt = performance.now();
    };
    const wait = this.#drawnAt + FRAME_MS - performance.now();
    if (wait > 0) setTimeout(draw, wait);
    else queueMicrotask(draw);
  }

  #drawNow() {
    const conversation = this.#conversation;
    const { timeline, room, lost } = conversation;
    const drafts = timeline.atEnd ? this.#outgoing.of(room) : []; // elsewhere they would stand behind a hole
    const rows = rowsOf(timeline.messages, drafts, this.#me);
    const drawn = new Set(rows.map((row) => (row.kind === 'message' ? row.source : null)));
    for (const draft of drafts) if (!drawn.has(draft)) this.#outgoing.drop(draft.id); // its message is there
    this.#messages.show(conversation, rows);
    this.#composer.allow(lost);
  }

  get #me() {
    return this.#client.user ?? { id: '', name: '' };
  }
}
