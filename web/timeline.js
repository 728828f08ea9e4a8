/**
 * The messages of one room that are kept for showing: a window without holes over the room's history.
 *
 * Owned by a conversation. It holds at most {@link WINDOW_MAX} messages, and as many changes; what falls off one end
 * comes back from the server's history when somebody goes there.
 */

/** @typedef {import('./parlor.js').Message} Message */
/** @typedef {import('./parlor.js').Change} Change */
/** @typedef {import('./parlor.js').Page} Page */

/**
 * A message as it is shown.
 * @typedef {object} Shown
 * @property {number} seq
 * @property {string} id
 * @property {{id: string, name: string}} user
 * @property {string} at
 * @property {string | null} body      `null` once it is deleted
 * @property {string | null} editedAt
 */

/** The most messages kept at any time. */
export const WINDOW_MAX = 500;

/** @param {Message} message  @returns {Shown} */
function shown({ seq, id, user, at, body, edited_at: editedAt, deleted = false }) {
  const gone = deleted || typeof body !== 'string';
  return { seq, id, user, at, body: gone ? null : body, editedAt: gone ? null : (editedAt ?? null) };
}

/**
 * A change that comes after a deletion changes nothing.
 * @param {Shown} message
 * @param {Change & {type: string, body?: string}} change
 * @returns {Shown}
 */
function changed(message, { type, body, at }) {
  if (message.body === null) return message;
  const gone = type === 'deleted' || typeof body !== 'string';
  return gone ? { ...message, body: null, editedAt: null } : { ...message, body, editedAt: at };
}

export class Timeline {
  /** Oldest first. Never changed in place: whoever drew it compares the messages by identity.  @type {Shown[]} */
  messages = [];
  /** Whether the room has nothing before the first one. */
  atStart = false;
  /** Whether the room has nothing after the last one, so that what is said now belongs behind it. */
  atEnd = true;
  /** The highest position that is known to be a message. */
  #newest = 0;
  /** The highest position that fell off the beginning. */
  #fallen = 0;
  /**
   * The latest change of each message, for pages that were read before it.
   * @type {Map<number, Change & {type: string}>}
   */
  #changes = new Map();

  /** Forgets everything. */
  clear() {
    this.messages = [];
    this.atStart = false;
    this.atEnd = true;
    this.#newest = 0;
    this.#fallen = 0;
    this.#changes.clear();
  }

  /**
   * Somebody said something.
   * @param {Message} message
   * @param {boolean} following  whether the reader is at the end; if not, what is being read must not fall off
   */
  say(message, following) {
    this.#newest = Math.max(this.#newest, message.seq);
    const last = this.messages.at(-1);
    if (!this.atEnd || (last && message.seq <= last.seq)) return;
    if (this.messages.length >= WINDOW_MAX && !following) {
      this.atEnd = false;
      return;
    }
    this.messages = [...this.messages, shown(message)];
    this.#dropOldest();
  }

  /**
   * A message was edited or deleted.
   * @param {Change & {type: string}} change
   */
  change(change) {
    this.#changes.delete(change.target);
    this.#changes.set(change.target, change);
    if (this.#changes.size > WINDOW_MAX) this.#changes.delete(this.#changes.keys().next().value ?? 0);
    this.messages = this.messages.map((message) =>
      message.seq === change.target ? changed(message, change) : message,
    );
  }

  /**
   * Takes the messages that come right before a position.
   * @param {Page} page
   * @param {number} before  the position that was asked for
   */
  addOlder(page, before) {
    if (this.#fallen >= before) return; // the window moved on meanwhile: there would be a hole between
    const first = this.messages[0]?.seq ?? Infinity;
    const older = page.messages.filter(({ seq }) => seq < first);
    this.messages = [...older.map((message) => this.#standing(message)), ...this.messages];
    this.atStart = !page.more || page.messages.length === 0;
    if (this.messages.length > WINDOW_MAX) {
      this.messages = this.messages.slice(0, WINDOW_MAX);
      this.atEnd = false;
    }
  }

  /**
   * Takes the messages that come right after the last one.
   * @param {Page} page
   */
  addNewer(page) {
    const last = this.messages.at(-1)?.seq ?? 0;
    const newer = page.messages.filter(({ seq }) => seq > last);
    this.messages = [...this.messages, ...newer.map((message) => this.#standing(message))];
    const whole = !page.more || page.messages.length === 0;
    this.atEnd = whole && this.#newest <= (this.messages.at(-1)?.seq ?? 0);
    this.#dropOldest();
  }

  /** @param {Message} message */
  #standing(message) {
    const change = this.#changes.get(message.seq);
    return change ? changed(shown(message), change) : shown(message);
  }

  #dropOldest() {
    const over = this.messages.length - WINDOW_MAX;
    if (over <= 0) return;
    this.#fallen = this.messages[over - 1].seq;
    this.messages = this.messages.slice(over);
    this.atStart = false;
  }
}
