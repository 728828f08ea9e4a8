/**
 * Who is in the room, beside its name, and who is writing, above the place to write.
 */

import { need } from './dom.js';

/** How many names are shown, and how many of those who write. */
const NAMES_MAX = 20;
const WRITERS_MAX = 3;

export class CompanyView {
  #present = need('#present', HTMLElement);
  #writing = need('#writing', HTMLElement);

  /** @param {import('../company.js').Company} company  @param {string[]} writing */
  show(company, writing) {
    const { count, names } = company;
    this.#present.hidden = count === 0;
    this.#present.textContent = `${count} here`;
    const more = count > NAMES_MAX && names.length > 0 ? ` and ${count - NAMES_MAX} more` : '';
    this.#present.title = names.slice(0, NAMES_MAX).join(', ') + more;
    this.#writing.textContent = sentence(writing);
  }
}

/** @param {string[]} names */
function sentence(names) {
  if (names.length === 0) return '';
  if (names.length > WRITERS_MAX) return `${names.length} people are writing …`;
  return `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} writing …`;
}
