import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';

import { BOB, client, control, cutAndBack, FakeSocket, joinedClient, message, openClient, passes } from './fake.js';

beforeEach(control);
afterEach(() => mock.reset());

const seqs = (of) => of('message').map(({ seq }) => seq);

describe('joining', () => {
  test('waits for the connection, and asks for a position only where one is known', async () => {
    const { chat, of } = await client();
    chat.join('r');
    chat.join('old', { after: 41, epoch: 'e7' });
    assert.deepEqual(FakeSocket.last.sent, []);
    await FakeSocket.last.welcomes();
    const [fresh, resumed] = FakeSocket.last.asked('join');
    assert.deepEqual({ ...fresh, ref: 0 }, { type: 'join', room: 'r', ref: 0 });
    assert.deepEqual({ ...resumed, ref: 0 }, { type: 'join', room: 'old', after: 41, epoch: 'e7', ref: 0 });
    await FakeSocket.last.joined('r', 57);
    assert.deepEqual(
      of('joined').map(({ room }) => room),
      ['r'],
    );
    assert.deepEqual(chat.position('r'), { seq: 57, head: 57, epoch: 'e1' });
  });

  test('asks again, later, as long as that is of use', async () => {
    const { chat, of } = await openClient();
    chat.join('r');
    const { ref } = FakeSocket.last.asked('join')[0];
    await FakeSocket.last.says({ type: 'refused', ref, code: 'unavailable', message: 'no', retry_ms: 1000 });
    await passes(999);
    assert.equal(FakeSocket.last.asked('join').length, 1);
    await passes(1);
    await FakeSocket.last.joined('r', 3);
    assert.equal(of('joined').length, 1);
    assert.equal(of('refused').length, 0);
  });

  test('asks again when no answer came', async () => {
    const { chat } = await openClient();
    chat.join('r');
    await passes(10_000);
    await passes(500);
    assert.equal(FakeSocket.last.asked('join').length, 2);
  });

  test('does not ask again when the answer came late', async () => {
    const { chat } = await openClient();
    chat.join('r');
    await passes(10_000);
    await FakeSocket.last.joined('r', 5);
    await passes(20_000);
    assert.equal(FakeSocket.last.asked('join').length, 1);
  });

  test('says so when it is no use, and leaves the room alone after that', async () => {
    const { chat, of } = await openClient();
    chat.join('r');
    const { ref } = FakeSocket.last.asked('join')[0];
    await FakeSocket.last.says({ type: 'refused', ref, code: 'not_allowed', message: 'members only' });
    assert.deepEqual(of('refused'), [{ room: 'r', code: 'not_allowed', message: 'members only' }]);
    await FakeSocket.last.ends();
    await passes(500);
    await FakeSocket.last.welcomes();
    assert.equal(FakeSocket.last.asked('join').length, 0);
  });

  test('one who leaves and joins again at once misses nothing in between', async () => {
    const { chat, of } = await openClient();
    chat.join('r');
    chat.leave('r');
    chat.join('r');
    const [first, second] = FakeSocket.last.asked('join');
    const [leave] = FakeSocket.last.asked('leave');
    await FakeSocket.last.says(
      { type: 'joined', ref: first.ref, room: 'r', seq: 57, first_seq: 1, epoch: 'e1', truncated: false },
      message(58),
      { type: 'left', ref: leave.ref, room: 'r' },
      { type: 'joined', ref: second.ref, room: 'r', seq: 60, first_seq: 1, epoch: 'e1', truncated: false },
      message(61),
    );
    assert.deepEqual(seqs(of), [61]);
    assert.deepEqual(
      of('joined').map(({ seq }) => seq),
      [60],
    );
  });

  test('one who is put out of a room is told, and does not come back by itself', async () => {
    const { of } = await joinedClient();
    await FakeSocket.last.says({ type: 'left', room: 'r', code: 'removed' }, message(6));
    assert.deepEqual(
      of('removed').map(({ room }) => room),
      ['r'],
    );
    assert.deepEqual(seqs(of), []);
    await FakeSocket.last.ends();
    await passes(500);
    await FakeSocket.last.welcomes();
    assert.equal(FakeSocket.last.asked('join').length, 0);
  });
});

describe('events', () => {
  test('each is told once, in order, and changes share the count with messages', async () => {
    const { told } = await joinedClient();
    const edited = { type: 'edited', room: 'r', seq: 7, target: 6, body: 'new', user: BOB, at: 'now' };
    const deleted = { type: 'deleted', room: 'r', seq: 8, target: 6, user: BOB, at: 'now' };
    await FakeSocket.last.says(message(5), message(6), message(6), edited, deleted, edited, message(8), message(9));
    const logged = told.filter(([type]) => ['message', 'edited', 'deleted'].includes(type));
    assert.deepEqual(
      logged.map(([type, { seq }]) => [type, seq]),
      [
        ['message', 6],
        ['edited', 7],
        ['deleted', 8],
        ['message', 9],
      ],
    );
  });

  test('a number may be missing: what this client does not know took it', async () => {
    const { of } = await joinedClient();
    await FakeSocket.last.says(message(6), { type: 'from the future', room: 'r', seq: 7 }, message(8));
    assert.deepEqual(seqs(of), [6, 8]);
  });

  test('a read marker is no position in the log', async () => {
    const { of } = await joinedClient();
    await FakeSocket.last.says({ type: 'read', room: 'r', user: BOB, seq: 900 }, message(6));
    assert.deepEqual(seqs(of), [6]);
  });

  test('those of rooms that were left are not told', async () => {
    const { chat, of } = await joinedClient();
    chat.leave('r');
    await FakeSocket.last.says(message(6));
    assert.deepEqual(seqs(of), []);
  });
});

describe('after a cut', () => {
  test('goes on after the last one told, in the same epoch, without a double', async () => {
    const { chat, of } = await joinedClient();
    await FakeSocket.last.says(message(6), message(7));
    await cutAndBack(chat);
    const [{ after, epoch }] = FakeSocket.last.asked('join');
    assert.deepEqual({ after, epoch }, { after: 7, epoch: 'e1' });
    await FakeSocket.last.joined('r', 9);
    await FakeSocket.last.says(message(7), message(8), message(9), message(10));
    assert.deepEqual(seqs(of), [6, 7, 8, 9, 10]);
  });

  test('goes on where the replay itself was cut', async () => {
    const { chat } = await joinedClient();
    await cutAndBack(chat);
    await FakeSocket.last.joined('r', 9);
    await FakeSocket.last.says(message(6));
    await cutAndBack(chat);
    assert.equal(FakeSocket.last.asked('join')[0].after, 6);
  });

  test('an empty room is joined again from its very beginning', async () => {
    const { chat } = await openClient();
    chat.join('r');
    await FakeSocket.last.joined('r', 0);
    await cutAndBack(chat);
    assert.equal(FakeSocket.last.asked('join')[0].after, 0);
  });

  test('starts again, in the new epoch, when the server cannot go on', async () => {
    const { chat, of } = await joinedClient();
    await FakeSocket.last.says(message(6));
    await cutAndBack(chat);
    await FakeSocket.last.joined('r', 3, { epoch: 'e2', truncated: true });
    assert.equal(of('joined').at(-1).truncated, true);
    await FakeSocket.last.says(message(2), message(3), message(4));
    assert.deepEqual(seqs(of), [6, 2, 3, 4]);
    assert.deepEqual(chat.position('r'), { seq: 4, head: 4, epoch: 'e2' });
  });

  test('starts again when the server says so in the middle', async () => {
    const { chat, of } = await joinedClient();
    await FakeSocket.last.says(message(6));
    await FakeSocket.last.says({ type: 'joined', room: 'r', seq: 1, first_seq: 1, epoch: 'e2', truncated: true });
    assert.deepEqual(chat.position('r'), { seq: 0, head: 1, epoch: 'e2' });
    await FakeSocket.last.says(message(2));
    assert.deepEqual(seqs(of), [6, 2]);
  });
});

describe('questions', () => {
  test('a page of history is the answer with the same mark', async () => {
    const { chat } = await joinedClient();
    const later = chat.history('r', { before: 6, limit: 50 });
    const sooner = chat.history('r', { after: 1 });
    const [first, second] = FakeSocket.last.asked('history');
    assert.deepEqual({ ...first, ref: 0 }, { type: 'history', room: 'r', before: 6, limit: 50, ref: 0 });
    await FakeSocket.last.says({ type: 'history', ref: second.ref, room: 'r', messages: [2], more: false });
    await FakeSocket.last.says({ type: 'history', ref: first.ref, room: 'r', messages: [1], more: true });
    assert.deepEqual((await later).messages, [1]);
    assert.deepEqual((await sooner).messages, [2]);
  });

  test('the rooms are a list', async () => {
    const { chat } = await openClient();
    const rooms = chat.rooms();
    const { ref } = FakeSocket.last.asked('rooms')[0];
    await FakeSocket.last.says({ type: 'rooms', ref, rooms: [{ room: 'r', name: 'R', kind: 'public', seq: 5 }] });
    assert.deepEqual(await rooms, [{ room: 'r', name: 'R', kind: 'public', seq: 5 }]);
  });

  test('each ends: refused, cut off, or without an answer', async () => {
    const { chat } = await joinedClient();
    const refused = assert.rejects(chat.history('r', {}), { code: 'not_allowed', final: true });
    await FakeSocket.last.says({ type: 'refused', ref: FakeSocket.last.asked('history')[0].ref, code: 'not_allowed' });
    await refused;
    const silent = assert.rejects(chat.history('r', {}), { code: 'unavailable', final: false });
    await passes(10_000);
    await silent;
    const cut = assert.rejects(chat.history('r', {}), { code: 'unavailable' });
    await FakeSocket.last.ends();
    await cut;
    await assert.rejects(chat.history('r', {}), { code: 'unavailable' });
  });
});
