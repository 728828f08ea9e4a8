/**
 * What the tests of the protocol stand on: sockets that the test answers, and time that the test moves.
 */

import { mock } from 'node:test';

import { connect } from '../parlor.js';

/** One attempt of the client to connect, seen from the server's side. */
export class FakeSocket {
  /** @type {FakeSocket[]} every attempt so far */
  static all = [];

  sent = [];
  closed = false;

  constructor(url, protocols) {
    if (protocols.some((name) => /[^\x21-\x7e]/.test(name))) throw new SyntaxError('no subprotocol');
    Object.assign(this, { url, protocols });
    FakeSocket.all.push(this);
  }

  static get last() {
    return FakeSocket.all.at(-1);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.closed = true;
  }

  /** The frames of one type that the client sent. */
  asked(type) {
    return this.sent.filter((frame) => frame.type === type);
  }

  /** The server says something. */
  async says(...frames) {
    for (const frame of frames) {
      this.onmessage({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) });
      await settled();
    }
  }

  /** The connection ends, as the client sees it. */
  async ends(code = 1006) {
    this.onclose({ code });
    await settled();
  }

  async welcomes(extra = {}) {
    await this.says({ type: 'welcome', user: ANA, connection: 'c1', ping_s: 25, limits: {}, ...extra });
  }

  /** Answers the latest question to join a room. */
  async joined(room, seq, extra = {}) {
    const { ref } = this.asked('join').findLast((frame) => frame.room === room);
    await this.says({ type: 'joined', ref, room, seq, first_seq: 1, epoch: 'e1', truncated: false, ...extra });
  }
}

export const ANA = { id: 'ana', name: 'Ana' };
export const BOB = { id: 'bob', name: 'Bob' };

/** Lets everything happen that waits for no time. */
export async function settled() {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Time goes by. */
export async function passes(ms) {
  mock.timers.tick(ms);
  await settled();
}

/** Stands still the clock and the dice. To be called before each test; `mock.reset()` ends it. */
export function control() {
  FakeSocket.all = [];
  mock.timers.enable({ apis: ['setTimeout'] });
  mock.method(Math, 'random', () => 1);
}

const TYPES = ['state', 'joined', 'refused', 'removed', 'message', 'edited', 'deleted', 'sent', 'failed', 'status'];

/** A client on fake sockets, and a record of all that it told. */
export async function client(options = {}) {
  const chat = connect({ url: 'ws://here/ws', token: () => 'a.b.c', WebSocket: FakeSocket, ...options });
  const told = [];
  for (const type of TYPES) chat.on(type, (detail) => told.push([type, detail]));
  await settled();
  const of = (type) => told.filter(([kind]) => kind === type).map(([, detail]) => detail);
  return { chat, told, of };
}

/** A client that is connected. */
export async function openClient(options) {
  const made = await client(options);
  await FakeSocket.last.welcomes();
  return made;
}

/** A client that is connected and has joined `r` at position 5. */
export async function joinedClient(options) {
  const made = await openClient(options);
  made.chat.join('r');
  await FakeSocket.last.joined('r', 5);
  return made;
}

/** The connection is cut, and the client comes back. */
export async function cutAndBack(chat) {
  await FakeSocket.last.ends();
  await passes(chat.state.retryInMs);
  await FakeSocket.last.welcomes();
}

export function message(seq, extra = {}) {
  return {
    type: 'message',
    room: 'r',
    seq,
    id: `m${seq}`,
    user: BOB,
    body: `body ${seq}`,
    at: '2026-11-20T05:00:00.000Z',
    ...extra,
  };
}
