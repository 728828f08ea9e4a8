/**
 * The list of messages: drawn from rows, scrolled so that what is being read stays where it is.
 *
 * It holds a node for each row (a bounded number, see `timeline.js`) and makes, moves or drops only what differs.
 */

import { dayInWords } from '../time.js';
import { need } from './dom.js';
import { fillMessage, newMessage } from './message.js';

/** @typedef {import('../rows.js').Row} Row */
/** @typedef {import('../conversation.js').Conversation} Conversation */

/**
 * @typedef {object} Actions
 * @property {() => void} older       the reader comes near the first message
 * @property {() => void} newer       the reader comes near the last one
 * @property {() => void} end         the reader asks for the end
 * @property {(following: boolean) => void} moved   whether the reader is at the end, at each change
 * @property {() => void} again       the reader asks once more for what could not be loaded
 * @property {(id: string) => void} retry    a failed send is to be sent again
 * @property {(id: string) => void} discard  a failed send is to be forgotten
 */

/** The reader is at the end if no more than this is below, in pixels. */
const END_PX = 40;
/** More is loaded when no more than this is left in a direction, in pixels. */
const NEAR_PX = 600;

export class MessagesView {
  #log = need('#log', HTMLElement);
  #title = need('#room-name', HTMLElement);
  #list = need('#messages', HTMLOListElement);
  #edge = need('#edge-text', HTMLElement);
  #retry = need('#edge-retry', HTMLButtonElement);
  #newer = need('#newer', HTMLButtonElement);
  #newerText = need('#newer-text', HTMLElement);
  #actions;
  #atEnd = true;
  /** @type {Map<string, {node: HTMLElement, row: Row | null}>} */
  #drawn = new Map();
  /** @type {Conversation | null} */
  #conversation = null;

  /** @param {Actions} actions */
  constructor(actions) {
    this.#actions = actions;
    this.#log.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.#list.addEventListener('click', (event) => this.#clicked(event));
    this.#newer.addEventListener('click', () => this.#actions.end());
    this.#retry.addEventListener('click', () => this.#actions.again());
    const stay = new ResizeObserver(() => this.#atEnd && this.#scrollToEnd());
    stay.observe(this.#log);
    stay.observe(this.#list);
  }

  /**
   * @param {Conversation} conversation
   * @param {Row[]} rows
   */
  show(conversation, rows) {
    this.#conversation = conversation;
    this.#atEnd = conversation.following;
    const anchor = this.#atEnd ? null : this.#anchor();
    this.#log.setAttribute('aria-busy', String(conversation.loading));
    this.#showEdges(conversation);
    this.#draw(rows);
    if (this.#atEnd) this.#scrollToEnd();
    else if (anchor?.node.isConnected) this.#log.scrollTop += anchor.node.getBoundingClientRect().top - anchor.top;
    this.#reach();
  }

  /** What people call the room.  @param {string} name */
  showName(name) {
    this.#title.textContent = name;
  }

  /** @param {Conversation} conversation */
  #showEdges({ timeline, ready, loading, failed, following, unseen, lost }) {
    const beginning = timeline.messages.length
      ? 'This is where the room begins.'
      : 'Nothing was said here yet. Say hello!';
    const state = failed
      ? 'Messages could not be loaded.'
      : loading || !ready
        ? 'Loading…'
        : timeline.atStart
          ? beginning
          : '';
    this.#edge.textContent = lost ? '' : state;
    this.#retry.hidden = !failed || lost !== null;
    this.#newer.hidden = following && timeline.atEnd;
    this.#newer.toggleAttribute('data-unseen', unseen > 0);
    this.#newerText.textContent = unseen === 0 ? 'Latest' : unseen === 1 ? '1 new message' : `${unseen} new messages`;
  }

  /** @param {Row[]} rows */
  #draw(rows) {
    const wanted = new Set(rows.map(({ key }) => key));
    for (const [key, { node }] of this.#drawn) {
      if (wanted.has(key)) continue;
      node.remove();
      this.#drawn.delete(key);
    }
    let next = this.#list.firstElementChild;
    for (const row of rows) {
      const node = this.#nodeOf(row);
      if (node === next) next = next.nextElementSibling;
      else this.#list.insertBefore(node, next);
    }
  }

  /** @param {Row} row  @returns {HTMLElement} its node, as it is to look now */
  #nodeOf(row) {
    const drawn = this.#drawn.get(row.key) ?? { node: row.kind === 'day' ? newDay() : newMessage(), row: null };
    this.#drawn.set(row.key, drawn);
    if (row.kind === 'day') drawn.node.textContent = dayInWords(row.day);
    else if (differs(drawn.row, row)) fillMessage(drawn.node, row);
    drawn.row = row;
    return drawn.node;
  }

  /** The first message in sight, and where it is. */
  #anchor() {
    const top = this.#log.getBoundingClientRect().top;
    for (const node of this.#list.children) {
      const box = node.getBoundingClientRect();
      if (box.bottom > top && node.classList.contains('message')) return { node, top: box.top };
    }
    return null;
  }

  #scrollToEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#log;
    const atEnd = scrollHeight - scrollTop - clientHeight <= END_PX && (this.#conversation?.timeline.atEnd ?? true);
    if (atEnd !== this.#atEnd) {
      this.#atEnd = atEnd;
      this.#actions.moved(atEnd);
    }
    this.#reach();
  }

  /** Asks for what is missing near the reader. What failed is asked for again by a button or a new connection only. */
  #reach() {
    if (!this.#conversation || this.#conversation.loading || this.#conversation.failed) return;
    const { scrollTop, scrollHeight, clientHeight } = this.#log;
    if (clientHeight === 0) return; // not in sight at all
    if (scrollTop < NEAR_PX) this.#actions.older();
    else if (scrollHeight - scrollTop - clientHeight < NEAR_PX) this.#actions.newer();
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const button = event.target instanceof Element ? event.target.closest('button') : null;
    const id = button?.closest('li')?.dataset.id;
    if (!button || id === undefined) return;
    if (button.classList.contains('retry')) this.#actions.retry(id);
    if (button.classList.contains('discard')) this.#actions.discard(id);
  }
}

function newDay() {
  const node = document.createElement('li');
  node.className = 'day';
  return node;
}

/** @param {Row | null} drawn  @param {import('../rows.js').MessageRow} row */
function differs(drawn, row) {
  if (drawn?.kind !== 'message') return true;
  return drawn.source !== row.source || drawn.first !== row.first || drawn.state !== row.state;
}
