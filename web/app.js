/**
 * The page's beginning: the reader comes in by the door, then the chat takes over.
 */

import { Chat } from './chat.js';
import { Identity, keep } from './identity.js';
import { Door } from './views/door.js';
import { need } from './views/dom.js';

const identity = new Identity(
  keep(() => localStorage),
  keep(() => sessionStorage),
  (...asked) => fetch(...asked),
);
const door = new Door(identity, { named: probe, brought: enter, back: leave });
/** @type {Chat | null} */
let chat = null;

if (identity.known) enter();
else door.askName();

/** Where the server makes no tokens the reader learns it here, before there is anything to see. */
async function probe() {
  const token = await identity.token().catch(() => undefined); // out of reach: the chat shows that, and keeps trying
  if (token === null) door.askToken('');
  else enter();
}

function enter() {
  door.hide();
  need('#parlor', HTMLElement).hidden = false;
  if (chat) return chat.connect();
  const url = `${location.origin.replace(/^http/, 'ws')}/ws`;
  chat = new Chat({ url, token: () => identity.token() }, { unidentified, signOut: leave });
}

function unidentified() {
  if (identity.served) return; // it makes tokens and takes none of them: what the chat says is all there is to say
  const refused = identity.brought;
  identity.bring(null);
  need('#parlor', HTMLElement).hidden = true;
  door.askToken(refused ? 'That token was not accepted. It may have run out.' : '');
}

/** Begins again as somebody else, with nothing left of before. */
function leave() {
  identity.forget();
  location.reload();
}
