/**
 * Where the reader writes. Enter sends, Shift and Enter make a new line; what was not sent stays with its room.
 */

import { need } from './dom.js';

/** @typedef {import('../conversation.js').Lost} Lost */

/** Why there is nothing to write to. */
const LOST = /** @type {Record<string, string>} */ ({
  not_allowed: 'There is no such room, or you may not enter it.',
  malformed: 'This can be no room.',
  removed: 'You were removed from this room.',
});

/** How much may still be written is shown when less than this part of it is left. */
const SCARCE = 0.1;

export class Composer {
  #text = need('#text', HTMLTextAreaElement);
  #send = need('#send', HTMLButtonElement);
  #left = need('#bytes-left', HTMLElement);
  #form = need('#composer', HTMLFormElement);
  #lost = need('#lost', HTMLElement);
  #lostText = need('#lost-text', HTMLElement);
  #actions;
  #room = '';
  #bytesMax = Infinity;
  /** What was begun in other rooms, for as long as the page lives.  @type {Map<string, string>} */
  #begun = new Map();

  /** @param {{say: (body: string) => void, writing: () => void, again: () => void}} actions  `again`: into a room that
   *   was lost */
  constructor(actions) {
    this.#actions = actions;
    need('#lost-again', HTMLButtonElement).addEventListener('click', () => actions.again());
    this.#form.addEventListener('submit', (event) => this.#submit(event));
    this.#text.addEventListener('keydown', (event) => this.#pressed(event));
    this.#text.addEventListener('input', () => {
      this.#measure();
      if (this.#text.value.trim() !== '') actions.writing();
    });
  }

  /**
   * @param {string} room
   * @param {string} name
   */
  enter(room, name) {
    if (this.#text.value.trim()) this.#begun.set(this.#room, this.#text.value);
    else this.#begun.delete(this.#room);
    this.#room = room;
    this.#text.value = this.#begun.get(room) ?? '';
    this.#text.placeholder = `Message ${name}`;
    this.#measure();
  }

  /** @param {Lost | null} lost  why there is nothing to write to, if there is not */
  allow(lost) {
    this.#form.hidden = lost !== null;
    this.#lost.hidden = lost === null;
    if (lost) this.#lostText.textContent = LOST[lost.code] ?? lost.message;
  }

  /** @param {number} bytesMax  the longest body that the server takes; 0 is no limit */
  limit(bytesMax) {
    this.#bytesMax = bytesMax || Infinity;
    this.#measure();
  }

  /** Ready to be written in, where that does not bring up a keyboard over the messages. */
  invite() {
    if (!matchMedia('(pointer: coarse)').matches) this.#text.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const composing = event.isComposing || event.keyCode === 229; // Safari ends a composition before it says Enter
    if (event.key === 'Enter' && !event.shiftKey && !composing) this.#submit(event);
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    if (this.#send.disabled) return;
    const body = this.#text.value.trimEnd();
    this.#text.value = '';
    this.#measure();
    this.#text.focus({ preventScroll: true });
    this.#actions.say(body);
  }

  #measure() {
    this.#text.style.height = 'auto';
    this.#text.style.height = `${this.#text.scrollHeight}px`; // the style sheet says how far it grows
    const left = this.#bytesMax - new TextEncoder().encode(this.#text.value.trimEnd()).length;
    const scarce = left < this.#bytesMax * SCARCE;
    this.#left.textContent = !scarce ? '' : left < 0 ? `${-left} bytes too long` : `${left} bytes left`;
    this.#left.toggleAttribute('data-over', left < 0);
    this.#send.disabled = left < 0 || this.#text.value.trim() === '';
  }
}
