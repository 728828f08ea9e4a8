/**
 * A person as a letter on a colour. The same person has the same colour everywhere.
 */

/** How many colours the style sheet has. */
const TINTS = 8;

/** @param {string} id */
function tintOf(id) {
  let hash = 0;
  for (const letter of id) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  return hash % TINTS;
}

/**
 * @param {HTMLElement} avatar
 * @param {{id: string, name: string}} user
 */
export function paintAvatar(avatar, { id, name }) {
  const [letter = '?'] = (name || id).trim();
  avatar.textContent = letter.toLocaleUpperCase();
  avatar.dataset.tint = String(tintOf(id));
}
