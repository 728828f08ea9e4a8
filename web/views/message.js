/**
 * One message in the list. All that people wrote goes through `textContent`.
 */

import { clockTime, fullTime } from '../time.js';
import { paintAvatar } from './avatar.js';
import { need } from './dom.js';

/** @typedef {import('../rows.js').MessageRow} MessageRow */

/** Why a send failed, in words for the one who wrote it. */
const FAILURES = /** @type {Record<string, string>} */ ({
  malformed: 'the server did not understand it',
  not_allowed: 'you may not write here',
  too_large: 'it is too long',
  too_many: 'too many messages are waiting',
  removed: 'you are no longer in this room',
});

const MARKS = { pending: 'being sent', sent: 'sent', failed: 'not sent' };

/** @returns {HTMLElement} an empty message, to be filled by {@link fillMessage} */
export function newMessage() {
  const { content } = need('#message', HTMLTemplateElement);
  return need('li', HTMLElement, /** @type {DocumentFragment} */ (content.cloneNode(true)));
}

/**
 * @param {HTMLElement} node
 * @param {MessageRow} row
 */
export function fillMessage(node, row) {
  const { source, user, own, first, state } = row;
  node.dataset.id = source.id;
  node.dataset.state = state;
  node.toggleAttribute('data-own', own);
  node.toggleAttribute('data-first', first);
  node.toggleAttribute('data-deleted', source.body === null);
  if (source.seq !== undefined) node.dataset.seq = String(source.seq);
  paintAvatar(need('.avatar', HTMLElement, node), user);
  need('.author', HTMLElement, node).textContent = own ? 'You' : user.name || user.id;
  need('.author', HTMLElement, node).title = user.id;
  need('.body', HTMLElement, node).textContent = source.body ?? 'This message was deleted';
  fillMeta(node, row);
  fillFailure(node, row);
}

/** @param {HTMLElement} node  @param {MessageRow} row */
function fillMeta(node, { source, own, state }) {
  const time = need('time', HTMLTimeElement, node);
  time.dateTime = source.at;
  time.textContent = clockTime(source.at);
  time.title = fullTime(source.at);
  const editedAt = 'editedAt' in source ? source.editedAt : null;
  const edited = need('.edited', HTMLElement, node);
  edited.hidden = editedAt === null;
  edited.title = editedAt ? fullTime(editedAt) : '';
  const mark = need('.mark', HTMLElement, node);
  mark.hidden = !own;
  mark.setAttribute('aria-label', MARKS[state]);
  need('use', SVGUseElement, mark).setAttribute('href', `#icon-${state}`);
}

/** @param {HTMLElement} node  @param {MessageRow} row */
function fillFailure(node, { source, state }) {
  const code = 'code' in source ? source.code : undefined;
  need('.failure', HTMLElement, node).hidden = state !== 'failed';
  need('.why', HTMLElement, node).textContent =
    `Not sent: ${FAILURES[code ?? ''] ?? `the server refused it (${code})`}.`;
}
