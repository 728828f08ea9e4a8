/**
 * The codes that the server refuses or closes with, and what a client does about each.
 *
 * @module parlor/codes
 */

/**
 * Each code, the WebSocket close code that goes with it, and the advice. A promise of the protocol: the numbers never
 * change.
 * @type {Readonly<Record<string, {close: number, advice: 'give_up' | 'token' | 'again'}>>}
 */
export const CODES = Object.freeze({
  malformed: { close: 4000, advice: 'give_up' },
  not_identified: { close: 4001, advice: 'token' },
  not_allowed: { close: 4003, advice: 'give_up' },
  too_large: { close: 1009, advice: 'give_up' },
  too_many: { close: 4008, advice: 'again' },
  too_slow: { close: 4010, advice: 'again' },
  unavailable: { close: 1013, advice: 'again' },
  going_away: { close: 1012, advice: 'again' },
  quiet: { close: 4012, advice: 'again' },
  removed: { close: 4013, advice: 'give_up' },
});

const BACKOFF_FIRST_MS = 500;
const BACKOFF_LAST_MS = 15_000;

/** A request that the server refused, or (`unavailable`) whose answer did not come. */
export class Refused extends Error {
  /**
   * @param {string} code       a key of {@link CODES}, or one that only a newer server knows
   * @param {string} [message]  a sentence to read
   * @param {number} [retryMs]  the earliest moment at which trying again makes sense, from now
   */
  constructor(code, message = code, retryMs = 0) {
    super(message);
    this.name = 'Refused';
    this.code = code;
    this.retryMs = retryMs;
  }

  /** Whether asking the same again is no use. A code that only a newer server knows counts as that. */
  get final() {
    return (CODES[this.code]?.advice ?? 'give_up') === 'give_up';
  }
}

/**
 * The code for a connection that has closed. Numbers that are not the protocol's (1006: cut off) say no more than that
 * the server could not be reached.
 * @param {number} close  the WebSocket close code
 */
export function codeOfClose(close) {
  const known = Object.entries(CODES).find(([, entry]) => entry.close === close);
  return known ? known[0] : 'unavailable';
}

/**
 * How long to wait before the next attempt, in milliseconds: doubling, bounded, and half of it at random, so that many
 * clients that were cut at once do not come back at once.
 * @param {number} failures  how many attempts failed before this wait, from 0
 */
export function backoff(failures) {
  const ceiling = Math.min(BACKOFF_LAST_MS, BACKOFF_FIRST_MS * 2 ** failures);
  return Math.round((ceiling / 2) * (1 + Math.random()));
}
