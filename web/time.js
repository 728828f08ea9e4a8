/**
 * Moments in the words of the reader's language and time zone.
 */

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const DAY_OF_YEAR = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const NEAR = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

/** @param {Intl.DateTimeFormat} format  @param {string} at */
function written(format, at) {
  const moment = new Date(at);
  return Number.isNaN(moment.getTime()) ? '' : format.format(moment);
}

/** The time of day.  @param {string} at  RFC 3339 */
export const clockTime = (at) => written(CLOCK, at);

/** Day and time in full.  @param {string} at  RFC 3339 */
export const fullTime = (at) => written(FULL, at);

/**
 * The day of a moment in the reader's time zone.
 * @param {string | Date} at
 * @returns {string} `2026-11-20`; empty if it is no moment
 */
export function dayOf(at) {
  const moment = new Date(at);
  if (Number.isNaN(moment.getTime())) return '';
  const two = (/** @type {number} */ part) => String(part).padStart(2, '0');
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

/**
 * A day in words: today, yesterday, the weekday, or the date with its year.
 * @param {string} day   as {@link dayOf} gives it
 * @param {Date} [now]
 */
export function dayInWords(day, now = new Date()) {
  if (!day) return '';
  const noon = new Date(`${day}T12:00:00`);
  const daysAgo = Math.round((new Date(`${dayOf(now)}T12:00:00`).getTime() - noon.getTime()) / 86_400_000);
  if (daysAgo === 0 || daysAgo === 1) return capital(NEAR.format(-daysAgo, 'day'));
  return (noon.getFullYear() === now.getFullYear() ? DAY : DAY_OF_YEAR).format(noon);
}

/** @param {string} text */
const capital = (text) => text.charAt(0).toLocaleUpperCase() + text.slice(1);
