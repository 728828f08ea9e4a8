/**
 * What stands in the list of messages, top to bottom: days, messages, and what is on its way.
 */

import { dayOf } from './time.js';

/** @typedef {import('./timeline.js').Shown} Shown */
/** @typedef {import('./outgoing.js').Draft} Draft */

/**
 * @typedef {{kind: 'day', key: string, day: string}} DayRow
 */
/**
 * @typedef {object} MessageRow
 * @property {'message'} kind
 * @property {string} key                           the same for a message while it is on its way and once it is there
 * @property {Shown | Draft} source                 what it was made of, unchanged as long as it is the same object
 * @property {{id: string, name: string}} user
 * @property {boolean} own
 * @property {boolean} first                        whether it begins a group: another author, another day, or a pause
 * @property {'pending' | 'sent' | 'failed'} state
 */
/** @typedef {DayRow | MessageRow} Row */

/** Messages of one author stand together unless a pause of more than this lies between them. */
const PAUSE_MS = 5 * 60_000;

/**
 * @param {Shown[]} messages    oldest first
 * @param {Draft[]} drafts      in the order of sending
 * @param {{id: string, name: string}} me
 * @returns {Row[]}
 */
export function rowsOf(messages, drafts, me) {
  const said = messages.map((message) => messageRow(message, message.user, me, 'sent'));
  const there = new Set(said.map(({ key }) => key));
  const underway = drafts.map((draft) => messageRow(draft, me, me, draft.state)).filter(({ key }) => !there.has(key));
  /** @type {Row[]} */
  const rows = [];
  /** @type {MessageRow | undefined} */
  let previous;
  for (const row of [...said, ...underway]) {
    const day = dayOf(row.source.at);
    const newDay = !previous || dayOf(previous.source.at) !== day;
    if (newDay) rows.push({ kind: 'day', key: `day ${day} ${row.key}`, day });
    rows.push({ ...row, first: newDay || !previous || !together(previous, row) });
    previous = row;
  }
  return rows;
}

/**
 * @param {Shown | Draft} source
 * @param {{id: string, name: string}} user
 * @param {{id: string}} me
 * @param {'pending' | 'sent' | 'failed'} state
 * @returns {MessageRow}
 */
function messageRow(source, user, me, state) {
  const own = user.id === me.id;
  const key = own ? `own ${source.id}` : `seq ${source.seq}`;
  return { kind: 'message', key, source, user, own, first: false, state };
}

/** @param {MessageRow} one  @param {MessageRow} next */
function together(one, next) {
  return one.user.id === next.user.id && Date.parse(next.source.at) - Date.parse(one.source.at) <= PAUSE_MS;
}
