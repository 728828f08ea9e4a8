/**
 * What this reader has sent and cannot see in the room yet.
 *
 * Owned by the chat page. It holds what the client has not settled (which the client bounds) and what failed, until the
 * reader says what to do with it.
 */

/**
 * @typedef {object} Draft
 * @property {string} id
 * @property {string} room
 * @property {string} body
 * @property {string} at                                when it was sent, by this machine's clock
 * @property {'pending' | 'sent' | 'failed'} state      `sent`: stored, and its message is about to come
 * @property {number} [seq]                             its position, once it is sent
 * @property {string} [code]                            why it failed
 */

export class Outgoing {
  /** @type {Map<string, Draft>} */
  #drafts = new Map();

  /** How many would be lost if the page were closed now. */
  get pending() {
    return [...this.#drafts.values()].filter(({ state }) => state === 'pending').length;
  }

  /** @param {string} room  @returns {Draft[]} in the order of sending */
  of(room) {
    return [...this.#drafts.values()].filter((draft) => draft.room === room);
  }

  /** @param {string} id  @returns {Draft | undefined} */
  get(id) {
    return this.#drafts.get(id);
  }

  /** @param {{id: string, room: string, body: string}} draft */
  add({ id, room, body }) {
    this.#drafts.delete(id); // what is sent again goes to the end
    this.#drafts.set(id, { id, room, body, at: new Date().toISOString(), state: 'pending' });
  }

  /** @param {{id: string, seq: number}} sent */
  sent({ id, seq }) {
    this.#become(id, { state: 'sent', seq });
  }

  /** @param {{id: string, code: string}} failed */
  failed({ id, code }) {
    this.#become(id, { state: 'failed', code });
  }

  /**
   * Its message is in the room, or the reader does not want it any more.
   * @param {string} id
   */
  drop(id) {
    this.#drafts.delete(id);
  }

  /** @param {string} id  @param {Partial<Draft>} change */
  #become(id, change) {
    const draft = this.#drafts.get(id);
    if (draft) this.#drafts.set(id, { ...draft, ...change });
  }
}
