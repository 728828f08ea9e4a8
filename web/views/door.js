/**
 * The way in: a name, and where the server makes no tokens, a token.
 */

import { tokenIn } from '../identity.js';
import { need } from './dom.js';

/** @typedef {import('../identity.js').Identity} Identity */

export class Door {
  #door = need('#door', HTMLElement);
  #nameForm = need('#door-name', HTMLFormElement);
  #tokenForm = need('#door-token', HTMLFormElement);
  #name = need('#name', HTMLInputElement);
  #token = need('#token', HTMLTextAreaElement);
  #problem = need('#door-problem', HTMLElement);
  #identity;
  #actions;

  /**
   * @param {Identity} identity
   * @param {{named: () => void, brought: () => void, back: () => void}} actions  the identity knows the name, or the
   *   token, by then; `back`: the reader wants another name
   */
  constructor(identity, actions) {
    this.#identity = identity;
    this.#actions = actions;
    this.#nameForm.addEventListener('submit', (event) => this.#named(event));
    this.#tokenForm.addEventListener('submit', (event) => this.#brought(event));
    need('#door-back', HTMLButtonElement).addEventListener('click', () => this.#actions.back());
  }

  /** Asks for a name. */
  askName() {
    this.#show(this.#nameForm, '');
    this.#name.focus();
  }

  /** Asks for a token.  @param {string} problem  what was wrong with the one before, if there was one */
  askToken(problem) {
    this.#show(this.#tokenForm, problem);
    need('#command', HTMLElement).textContent = this.#identity.command;
    this.#token.value = '';
    this.#token.focus();
  }

  hide() {
    this.#door.hidden = true;
  }

  /** @param {HTMLFormElement} form  @param {string} problem */
  #show(form, problem) {
    this.#nameForm.hidden = form !== this.#nameForm;
    this.#tokenForm.hidden = form !== this.#tokenForm;
    this.#problem.textContent = problem;
    this.#door.hidden = false;
  }

  /** @param {SubmitEvent} event */
  #named(event) {
    event.preventDefault();
    const name = this.#name.value.trim();
    this.#problem.textContent = name ? '' : 'Please say a name.';
    if (!name) return this.#name.focus();
    this.#identity.become(name);
    this.#actions.named();
  }

  /** @param {SubmitEvent} event */
  #brought(event) {
    event.preventDefault();
    const token = tokenIn(this.#token.value);
    this.#problem.textContent = token ? '' : 'That is no token: it has three parts with dots between them.';
    if (!token) return this.#token.focus();
    this.#identity.bring(token);
    this.#actions.brought();
  }
}
