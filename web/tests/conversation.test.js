import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Conversation } from '../conversation.js';

const said = (seq) => ({
  room: 'r',
  seq,
  id: `m${seq}`,
  user: { id: 'bob', name: 'Bob' },
  body: `body ${seq}`,
  at: '2026-11-20T05:00:00Z',
});
const run = (from, to) => Array.from({ length: to - from + 1 }, (_, n) => said(from + n));
const seqs = ({ timeline }) => timeline.messages.map(({ seq }) => seq);

/** A client whose pages the test answers. */
class FakeClient {
  head = null;
  joins = [];
  asked = [];

  position() {
    return this.head === null ? null : { seq: this.head, head: this.head, epoch: 'e1' };
  }

  join(room) {
    this.joins.push(room);
  }

  history(room, range) {
    return new Promise((resolve, reject) => this.asked.push({ room, ...range, resolve, reject }));
  }

  async answer(page, which = this.asked.length - 1) {
    if (page) this.asked[which].resolve(page);
    else this.asked[which].reject(new Error('unavailable'));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function opened(head = null) {
  const client = new FakeClient();
  let changes = 0;
  const conversation = new Conversation(client, 'r', () => (changes += 1));
  client.head = head;
  conversation.open();
  return { client, conversation, changes: () => changes };
}

/** A conversation that shows 51 to 100, which is the end. */
async function shown() {
  const made = opened(100);
  await made.client.answer({ messages: run(51, 100), more: true });
  return made;
}

describe('opening', () => {
  test('joins, and loads the newest when the room is live', async () => {
    const { client, conversation } = opened();
    assert.deepEqual(client.joins, ['r']);
    assert.equal(client.asked.length, 0);
    client.head = 57;
    conversation.joined({ truncated: false });
    assert.equal(client.asked[0].before, 58);
    await client.answer({ messages: run(8, 57), more: true });
    assert.equal(seqs(conversation).length, 50);
    assert.equal(conversation.loading, false);
  });

  test('shows a room at once that is joined already', () => {
    const { client } = opened(57);
    assert.deepEqual(client.joins, []);
    assert.equal(client.asked[0].before, 58);
  });

  test('an empty room is ready when its empty page has come', async () => {
    const { client, conversation } = opened(0);
    assert.equal(conversation.ready, false);
    await client.answer({ messages: [], more: false });
    assert.equal(conversation.ready, true);
  });
});

describe('after a cut', () => {
  test('goes on as it was', async () => {
    const { client, conversation } = await shown();
    conversation.joined({ truncated: false });
    conversation.say(said(101), false);
    assert.equal(client.asked.length, 1);
    assert.equal(seqs(conversation).at(-1), 101);
  });

  test('starts again if the server says so, and hears no answer of before', async () => {
    const { client, conversation } = await shown();
    conversation.older();
    client.head = 3;
    conversation.joined({ truncated: true });
    assert.deepEqual(seqs(conversation), []);
    await client.answer({ messages: run(1, 50), more: false }, 1);
    assert.deepEqual(seqs(conversation), []);
    assert.equal(conversation.loading, true);
    await client.answer({ messages: run(1, 3), more: false });
    assert.deepEqual(seqs(conversation), [1, 2, 3]);
  });

  test('loads what could not be loaded', async () => {
    const { client, conversation } = opened(57);
    await client.answer(null);
    assert.deepEqual([conversation.failed, conversation.loading], [true, false]);
    conversation.joined({ truncated: false });
    assert.equal(client.asked.length, 2);
  });

  test('is ready to load older ones again that could not be loaded', async () => {
    const { client, conversation } = await shown();
    conversation.older();
    await client.answer(null);
    assert.equal(conversation.failed, true);
    conversation.joined({ truncated: false });
    assert.equal(conversation.failed, false);
    assert.equal(seqs(conversation).length, 50);
  });
});

describe('the reader', () => {
  test('going up loads older ones, one page at a time, until there are none', async () => {
    const { client, conversation } = await shown();
    conversation.older();
    conversation.older();
    assert.equal(client.asked.length, 2);
    assert.equal(client.asked[1].before, 51);
    await client.answer({ messages: run(1, 50), more: false });
    conversation.older();
    assert.equal(client.asked.length, 2);
    assert.equal(seqs(conversation).length, 100);
  });

  test('going down loads newer ones only where the window ends before the room does', async () => {
    const { client, conversation } = await shown();
    conversation.newer();
    assert.equal(client.asked.length, 1);
    conversation.timeline.atEnd = false;
    conversation.newer();
    assert.equal(client.asked[1].after, 100);
    await client.answer({ messages: run(101, 102), more: false });
    assert.equal(conversation.timeline.atEnd, true);
  });

  test('elsewhere is told how many came, own ones not counted, and at the end none', async () => {
    const { conversation } = await shown();
    conversation.say(said(101), false);
    assert.equal(conversation.unseen, 0);
    conversation.follow(false);
    conversation.say(said(102), false);
    conversation.say(said(103), true);
    assert.equal(conversation.unseen, 1);
    conversation.follow(true);
    assert.equal(conversation.unseen, 0);
  });

  test('who wants the end is there, or it is loaded', async () => {
    const { client, conversation } = await shown();
    conversation.follow(false);
    conversation.toEnd();
    assert.deepEqual([conversation.following, client.asked.length], [true, 1]);
    conversation.timeline.atEnd = false;
    client.head = 900;
    conversation.toEnd();
    assert.equal(client.asked[1].before, 901);
  });
});

test('a room that is lost says why', () => {
  const { conversation, changes } = opened();
  conversation.lose({ code: 'not_allowed', message: 'members only' });
  assert.deepEqual(conversation.lost, { code: 'not_allowed', message: 'members only' });
  assert.equal(changes(), 1);
});
