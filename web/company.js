/**
 * The others in the room that is shown: who is there, and who is writing. Whoever leaves the room throws it away.
 */

/** @typedef {import('./parlor.js').User} User */
/** @typedef {{users: User[], count: number}} Who  no users where there are too many to be listed */
/** @typedef {{joined: User[], left: User[], count: number}} Presence */

/** How long somebody is taken to be writing after saying so. It is said again every two seconds. */
export const WRITING_MS = 5000;

export class Company {
  /** @type {Map<string, User>} */
  #users = new Map();
  #count = 0;
  /** Until when, by user.  @type {Map<string, {user: User, until: number}>} */
  #writing = new Map();

  /** @param {Who} who  all who are there */
  list({ users, count }) {
    this.#users = new Map(users.map((user) => [user.id, user]));
    this.#count = count;
  }

  /** @param {Presence} change */
  change({ joined, left, count }) {
    for (const user of joined) this.#users.set(user.id, user);
    for (const { id } of left) {
      this.#users.delete(id);
      this.#writing.delete(id);
    }
    this.#count = count;
  }

  /** @param {User} user  @param {number} now */
  writes(user, now) {
    this.#writing.set(user.id, { user, until: now + WRITING_MS });
  }

  /** What was written is there.  @param {User} user */
  said(user) {
    this.#writing.delete(user.id);
  }

  /** How many are there. */
  get count() {
    return this.#count;
  }

  /** The names of those who are listed, in order. */
  get names() {
    return [...this.#users.values()].map(({ name }) => name).sort((a, b) => a.localeCompare(b));
  }

  /** The names of those who are writing, without the reader.  @param {User} me  @param {number} now */
  writing(me, now) {
    for (const [id, { until }] of this.#writing) if (until <= now) this.#writing.delete(id);
    return [...this.#writing.values()].filter(({ user }) => user.id !== me.id).map(({ user }) => user.name);
  }
}
