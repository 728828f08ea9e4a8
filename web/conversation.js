/**
 * The room that is being shown: joined, its messages loaded as the reader moves, its events taken in.
 *
 * One exists at a time, owned by the chat page. It has one page of history under way at most.
 */

import { Timeline } from './timeline.js';

/** @typedef {import('./parlor.js').Parlor} Parlor */
/** @typedef {import('./parlor.js').Page} Page */

/** @typedef {{code: string, message: string}} Lost  why a room cannot be shown */

/** How many messages are asked for at once. */
const PAGE = 50;

export class Conversation {
  timeline = new Timeline();
  /** Whether the reader is at the end and wants to stay there. */
  following = true;
  /** How many messages of others came while the reader was elsewhere. */
  unseen = 0;
  loading = false;
  /** Whether the last page could not be had. */
  failed = false;
  /** @type {Lost | null} */
  lost = null;
  #client;
  #changed;
  #turn = 0;

  /**
   * @param {Parlor} client
   * @param {string} room
   * @param {() => void} changed  called after every change
   */
  constructor(client, room, changed) {
    this.#client = client;
    this.#changed = changed;
    this.room = room;
  }

  /** Whether anything is known of the room yet. */
  get ready() {
    return this.timeline.atStart || this.timeline.messages.length > 0;
  }

  /** Joins the room, or shows it at once if it is joined already. */
  open() {
    if (this.#client.position(this.room)) this.restart();
    else this.#client.join(this.room);
  }

  /**
   * The room is live: for the first time, again after a cut, or from the start because what was shown is no more.
   * @param {{truncated: boolean}} joined
   */
  joined({ truncated }) {
    if (truncated || !this.ready) this.restart();
    else if (this.failed) this.resume();
  }

  /** The room cannot be joined, or not any more.  @param {Lost} why */
  lose({ code, message }) {
    this.lost = { code, message };
    this.#changed();
  }

  /**
   * @param {import('./parlor.js').Message} message
   * @param {boolean} own
   */
  say(message, own) {
    this.timeline.say(message, this.following);
    if (!this.following && !own) this.unseen += 1;
    this.#changed();
  }

  /** @param {import('./parlor.js').Change & {type: string}} change */
  change(change) {
    this.timeline.change(change);
    this.#changed();
  }

  /** The reader came to the end, or left it.  @param {boolean} following */
  follow(following) {
    this.following = following;
    if (following) this.unseen = 0;
    this.#changed();
  }

  /** Shows the newest messages, forgetting what was loaded before. */
  restart() {
    this.#turn += 1;
    this.loading = false;
    this.timeline.clear();
    this.#goToEnd();
    const before = (this.#client.position(this.room)?.head ?? 0) + 1;
    return this.#load({ before }, (page) => this.timeline.addOlder(page, before));
  }

  /** The reader wants the end: it is here, or it is loaded. */
  async toEnd() {
    if (!this.timeline.atEnd) return this.restart();
    this.#goToEnd();
    this.#changed();
  }

  /** Loads what comes before the first message, if anything does. */
  async older() {
    if (this.timeline.atStart || !this.ready) return;
    const before = this.timeline.messages[0].seq;
    await this.#load({ before }, (page) => this.timeline.addOlder(page, before));
  }

  /** Loads what comes after the last message, if anything does. */
  async newer() {
    if (this.timeline.atEnd) return;
    const after = this.timeline.messages.at(-1)?.seq ?? 0;
    await this.#load({ after }, (page) => this.timeline.addNewer(page));
  }

  /** Tries once more what failed. */
  resume() {
    if (!this.ready) return this.restart();
    this.failed = false;
    this.#changed(); // whoever draws it asks for what is missing where the reader is
  }

  #goToEnd() {
    this.following = true;
    this.unseen = 0;
  }

  /**
   * @param {{before?: number, after?: number}} range
   * @param {(page: Page) => void} take
   */
  async #load(range, take) {
    if (this.loading) return;
    const turn = this.#turn;
    this.loading = true;
    this.failed = false;
    this.#changed();
    const page = await this.#client.history(this.room, { ...range, limit: PAGE }).catch(() => null);
    if (turn !== this.#turn) return; // it started again meanwhile
    if (page) take(page);
    this.failed = !page;
    this.loading = false;
    this.#changed();
  }
}
