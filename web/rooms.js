/**
 * The rooms of the reader: which there are, which are listened to, what is new in them.
 *
 * Owned by the chat page. It stays in the {@link JOINED_MAX} rooms that were shown last, and lists what the server
 * lists besides.
 */

/** How many rooms are listened to at a time, if the server allows that many. */
export const JOINED_MAX = 20;
/** Where everybody begins. */
export const LOBBY = 'lobby';

const ROOM = /^[A-Za-z0-9_\-.:=@,;]{1,128}$/;

/**
 * @param {string} typed
 * @returns {string | null} the room that was meant, blanks made dashes; `null` if it can be none
 */
export function roomIn(typed) {
  const room = typed.trim().replace(/^#/, '').replace(/\s+/g, '-');
  return ROOM.test(room) ? room : null;
}

/** @param {string} hash  of a location  @returns {string} the room it names, or the lobby */
export function roomOfHash(hash) {
  try {
    return roomIn(decodeURIComponent(hash.replace(/^#/, ''))) ?? LOBBY;
  } catch {
    return LOBBY;
  }
}

/** @param {string} room */
export const hashOf = (room) => `#${room}`; // a room's letters all stand for themselves there

/** @typedef {{room: string, name: string, unread: number, current: boolean}} Entry */

export class Rooms {
  current = LOBBY;
  #joinedMax = JOINED_MAX;
  /** @type {Map<string, string>} */
  #names = new Map([[LOBBY, LOBBY]]);
  /** The joined ones, the latest shown last.  @type {string[]} */
  #joined = [];
  /** @type {Map<string, number>} */
  #unread = new Map();

  /** @returns {Entry[]} by name */
  get list() {
    const rooms = new Set([...this.#names.keys(), ...this.#joined, this.current]);
    const entries = [...rooms].map((room) => ({
      room,
      name: this.nameOf(room),
      unread: this.#unread.get(room) ?? 0,
      current: room === this.current,
    }));
    return entries.sort((one, other) => one.name.localeCompare(other.name) || one.room.localeCompare(other.room));
  }

  /** @param {number} allowed  how many rooms the server lets one connection join; 0 is no limit */
  limit(allowed) {
    this.#joinedMax = Math.min(JOINED_MAX, allowed || JOINED_MAX);
  }

  /** @param {string} room */
  nameOf(room) {
    return this.#names.get(room) ?? room;
  }

  /** What the server lists.  @param {{room: string, name?: string}[]} summaries */
  learn(summaries) {
    this.#names = new Map([[LOBBY, LOBBY]]);
    for (const { room, name } of summaries) this.#names.set(room, name || room);
  }

  /**
   * The reader goes to a room.
   * @param {string} room
   * @returns {string[]} the rooms to leave for it
   */
  show(room) {
    this.current = room;
    this.#unread.delete(room);
    this.#joined = [...this.#joined.filter((other) => other !== room), room];
    const leaving = this.#joined.splice(0, Math.max(0, this.#joined.length - this.#joinedMax));
    for (const left of leaving) this.#unread.delete(left);
    return leaving;
  }

  /** Something new was said elsewhere.  @param {string} room */
  count(room) {
    if (room !== this.current && this.#joined.includes(room)) this.#unread.set(room, (this.#unread.get(room) ?? 0) + 1);
  }

  /** The room is closed to the reader.  @param {string} room */
  lose(room) {
    this.#joined = this.#joined.filter((other) => other !== room);
    this.#unread.delete(room);
    if (room !== LOBBY) this.#names.delete(room);
  }
}
