/**
 * The list of rooms with what is new in each, the way into another one, and who the reader is. On a narrow screen it
 * is a drawer.
 */

import { hashOf, roomIn } from '../rooms.js';
import { paintAvatar } from './avatar.js';
import { need } from './dom.js';

/** @typedef {import('../rooms.js').Entry} Entry */

/** On a wide screen the list stands beside the room. The same width is in `style.css`. */
const WIDE = '(min-width: 48rem)';
const UNREAD_SHOWN_MAX = 99;

export class RoomsView {
  #drawer = need('#drawer', HTMLElement);
  #opener = need('#drawer-open', HTMLButtonElement);
  #conversation = need('#conversation', HTMLElement);
  #list = need('#rooms', HTMLUListElement);
  #visit = need('#visit-room', HTMLInputElement);
  #problem = need('#visit-problem', HTMLElement);
  #wide = matchMedia(WIDE);
  #open = false;
  #actions;

  /** @param {{visit: (room: string) => void, opened: () => void, signOut: () => void}} actions */
  constructor(actions) {
    this.#actions = actions;
    this.#opener.addEventListener('click', () => this.#toggle(true));
    need('#drawer-close', HTMLButtonElement).addEventListener('click', () => this.#toggle(false));
    need('#scrim', HTMLElement).addEventListener('click', () => this.#toggle(false));
    need('#sign-out', HTMLButtonElement).addEventListener('click', () => this.#actions.signOut());
    need('#visit', HTMLFormElement).addEventListener('submit', (event) => this.#visited(event));
    this.#list.addEventListener('click', () => this.#toggle(false));
    this.#wide.addEventListener('change', () => this.#arrange());
    addEventListener('keydown', ({ key }) => key === 'Escape' && this.#toggle(false));
    this.#arrange();
  }

  /** @param {Entry[]} entries */
  show(entries) {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.room : undefined;
    this.#list.replaceChildren(...entries.map(link));
    if (focused !== undefined)
      this.#links()
        .find(({ dataset }) => dataset.room === focused)
        ?.focus();
    this.#opener.toggleAttribute(
      'data-unread',
      entries.some(({ unread }) => unread > 0),
    );
  }

  /** @param {{id: string, name: string}} me */
  showMe(me) {
    paintAvatar(need('#me-avatar', HTMLElement), me);
    need('#me-name', HTMLElement).textContent = me.name;
    need('#me-id', HTMLElement).textContent = me.id;
  }

  /** @param {SubmitEvent} event */
  #visited(event) {
    event.preventDefault();
    const room = roomIn(this.#visit.value);
    const problem = 'A room’s name is 1 to 128 letters from a to z, digits, or - _ . : = @ , ;';
    this.#problem.textContent = room || !this.#visit.value ? '' : problem;
    if (!room) return this.#visit.focus();
    this.#visit.value = '';
    this.#toggle(false);
    this.#actions.visit(room);
  }

  #links() {
    return [...this.#list.querySelectorAll('a')];
  }

  /** @param {boolean} open */
  #toggle(open) {
    if (open === this.#open) return;
    this.#open = open;
    this.#arrange();
    if (open) this.#actions.opened();
    if (this.#wide.matches) return;
    if (open)
      this.#links()
        .find((room) => room.ariaCurrent)
        ?.focus();
    else this.#opener.focus();
  }

  /** What cannot be seen cannot be reached by the keyboard either. */
  #arrange() {
    const drawn = this.#open && !this.#wide.matches;
    this.#drawer.inert = !this.#open && !this.#wide.matches;
    this.#conversation.inert = drawn;
    document.body.toggleAttribute('data-drawer', drawn);
    this.#opener.ariaExpanded = String(drawn);
  }
}

/** @param {Entry} entry */
function link({ room, name, unread, current }) {
  const item = document.createElement('li');
  const anchor = document.createElement('a');
  const title = document.createElement('span');
  anchor.href = hashOf(room);
  anchor.dataset.room = room;
  if (current) anchor.ariaCurrent = 'page';
  title.textContent = name;
  title.dir = 'auto';
  anchor.append(title);
  if (unread > 0) anchor.append(badge(unread));
  item.append(anchor);
  return item;
}

/** @param {number} unread */
function badge(unread) {
  const mark = document.createElement('span');
  mark.className = 'unread';
  mark.textContent = unread > UNREAD_SHOWN_MAX ? `${UNREAD_SHOWN_MAX}+` : String(unread);
  mark.setAttribute('aria-label', `${unread} new`);
  return mark;
}
