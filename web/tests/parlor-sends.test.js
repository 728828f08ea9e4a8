import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';

import { SENDS_MAX } from '../parlor.js';
import {
  ANA,
  client,
  control,
  cutAndBack,
  FakeSocket,
  joinedClient,
  message,
  openClient,
  passes,
  settled,
} from './fake.js';

beforeEach(control);
afterEach(() => mock.reset());

const sends = () => FakeSocket.last.asked('send');
const answer = (type, send, extra) =>
  FakeSocket.last.says({ type, ref: send.ref, room: send.room, id: send.id, ...extra });
const sent = (send, seq) => answer('sent', send, { seq, at: '2026-11-20T05:00:00.000Z' });

test('a send carries an id of its own and is sent when the server says so', async () => {
  const { chat, of } = await joinedClient();
  const id = chat.send('r', 'hi', { replyTo: 4 });
  await settled();
  const [frame] = sends();
  assert.deepEqual({ ...frame, ref: 0 }, { type: 'send', room: 'r', id, body: 'hi', reply_to: 4, ref: 0 });
  assert.equal(chat.unsettled, 1);
  await sent(frame, 6);
  assert.deepEqual(of('sent'), [{ room: 'r', id, seq: 6, at: '2026-11-20T05:00:00.000Z' }]);
  assert.equal(chat.unsettled, 0);
});

test('the ids of two sends differ and are short enough', async () => {
  const { chat } = await joinedClient();
  const [one, other] = [chat.send('r', 'a'), chat.send('r', 'a')];
  assert.notEqual(one, other);
  assert.match(one, /^[0-9a-f]{24}$/);
});

test('whoever sends learns the id before its fate', async () => {
  const { chat } = await openClient();
  const order = [];
  chat.on('failed', ({ id }) => order.push(`failed ${id}`));
  order.push(`id ${chat.send('r', 'x'.repeat(20_000), { id: 'd-1' })}`);
  await settled();
  assert.deepEqual(order, ['id d-1', 'failed d-1']);
});

test('the same id names the same message', async () => {
  const { chat } = await joinedClient();
  chat.send('r', 'hi', { id: 'd-1' });
  chat.send('r', 'hi', { id: 'd-1' });
  await settled();
  await sent(sends()[0], 6);
  assert.equal(sends().length, 1);
});

describe('what is not answered is repeated under its id', () => {
  test('after a cut, and only once the room is live again', async () => {
    const { chat, of } = await joinedClient();
    const id = chat.send('r', 'hi');
    await settled();
    await cutAndBack(chat);
    assert.equal(sends().length, 0);
    await FakeSocket.last.joined('r', 5);
    assert.deepEqual(
      sends().map((frame) => frame.id),
      [id],
    );
    await sent(sends()[0], 6);
    assert.equal(of('sent').length, 1);
  });

  test('not at all if the replay shows that it was stored', async () => {
    const { chat, of } = await joinedClient();
    const id = chat.send('r', 'hi');
    await settled();
    await FakeSocket.last.says(message(6, { id, user: ANA }));
    assert.deepEqual(
      of('sent').map(({ seq }) => seq),
      [6],
    );
    await cutAndBack(chat);
    await FakeSocket.last.joined('r', 6);
    assert.equal(sends().length, 0);
  });

  test('nor is it taken for failed by an answer that comes after it was seen', async () => {
    const { chat, of } = await joinedClient();
    const id = chat.send('r', 'hi');
    chat.send('r', 'there');
    await settled();
    await FakeSocket.last.says(message(6, { id, user: ANA }));
    await answer('refused', sends()[0], { code: 'not_allowed' });
    assert.equal(of('failed').length, 0);
    await sent(sends()[1], 7);
    assert.deepEqual(
      of('sent').map(({ seq }) => seq),
      [6, 7],
    );
  });

  test('another one with the same id settles nothing', async () => {
    const { chat, of } = await joinedClient();
    const id = chat.send('r', 'hi');
    await settled();
    await FakeSocket.last.says(message(6, { id }));
    assert.equal(of('sent').length, 0);
  });

  for (const code of ['unavailable', 'too_many']) {
    test(`after ${code}, when the server wants it`, async () => {
      const { chat, of } = await joinedClient();
      const id = chat.send('r', 'hi');
      await settled();
      await answer('refused', sends()[0], { code, retry_ms: 1500 });
      await passes(1499);
      assert.equal(sends().length, 1);
      await passes(1);
      assert.deepEqual(
        sends().map((frame) => frame.id),
        [id, id],
      );
      assert.equal(of('failed').length, 0);
    });
  }

  test('after 10 s without an answer', async () => {
    const { chat } = await joinedClient();
    chat.send('r', 'hi');
    await settled();
    await passes(10_000);
    await passes(500);
    assert.equal(sends().length, 2);
  });

  test('once, however often it is cut off while it waits', async () => {
    const { chat } = await joinedClient();
    chat.send('r', 'hi');
    await settled();
    await answer('refused', sends()[0], { code: 'unavailable', retry_ms: 9000 });
    await cutAndBack(chat);
    await FakeSocket.last.joined('r', 5);
    await passes(9000);
    assert.equal(sends().length, 1);
  });

  test('after it was closed and connected again', async () => {
    const { chat } = await joinedClient();
    const id = chat.send('r', 'hi');
    await settled();
    await answer('refused', sends()[0], { code: 'unavailable', retry_ms: 9000 });
    chat.close();
    chat.connect();
    await settled();
    await FakeSocket.last.welcomes();
    await FakeSocket.last.joined('r', 5);
    assert.deepEqual(
      sends().map((frame) => frame.id),
      [id],
    );
  });
});

describe('order', () => {
  test('the sends of a room go one after the other, whatever happens to the first', async () => {
    const { chat } = await joinedClient();
    const ids = ['one', 'two', 'three'].map((body) => chat.send('r', body));
    await settled();
    await answer('refused', sends()[0], { code: 'unavailable' });
    await passes(500);
    assert.deepEqual(
      sends().map(({ id }) => id),
      [ids[0], ids[0]],
    );
    await sent(sends()[1], 6);
    await sent(sends()[2], 7);
    assert.deepEqual(
      sends()
        .slice(2)
        .map(({ id }) => id),
      [ids[1], ids[2]],
    );
  });

  test('the wait for one says nothing about the next', async () => {
    const { chat } = await joinedClient();
    chat.send('r', 'one');
    chat.send('r', 'two');
    await settled();
    await answer('refused', sends()[0], { code: 'unavailable' });
    await passes(500);
    await sent(sends()[1], 6);
    await answer('refused', sends()[2], { code: 'unavailable' });
    await passes(500);
    assert.equal(sends().length, 4);
  });

  test('a room that is not joined waits only for the connection', async () => {
    const { chat } = await client();
    chat.send('elsewhere', 'hi');
    await settled();
    await FakeSocket.last.welcomes();
    assert.equal(sends().length, 1);
  });

  test('rooms do not wait for each other', async () => {
    const { chat } = await joinedClient();
    chat.send('r', 'hi');
    chat.send('elsewhere', 'hi');
    await settled();
    assert.deepEqual(
      sends().map(({ room }) => room),
      ['r', 'elsewhere'],
    );
  });

  test('one that is refused for good fails, and the next one goes out', async () => {
    const { chat, of } = await joinedClient();
    const [bad, good] = [chat.send('r', 'bad'), chat.send('r', 'good')];
    await settled();
    await answer('refused', sends()[0], { code: 'not_allowed', message: 'read only' });
    assert.deepEqual(of('failed'), [{ room: 'r', id: bad, code: 'not_allowed', message: 'read only' }]);
    assert.equal(sends()[1].id, good);
  });

  test('a code of a newer server fails too: repeating could be wrong for ever', async () => {
    const { chat, of } = await joinedClient();
    chat.send('r', 'hi');
    await settled();
    await answer('refused', sends()[0], { code: 'teapot' });
    assert.equal(of('failed').length, 1);
  });
});

describe('what the server would not take', () => {
  test('a body over its limit never reaches it', async () => {
    const { chat, of } = await client();
    await FakeSocket.last.welcomes({ limits: { body_bytes: 4 } });
    chat.send('r', 'ééé');
    chat.send('r', 'éé');
    await settled();
    assert.deepEqual(
      of('failed').map(({ code }) => code),
      ['too_large'],
    );
    assert.deepEqual(
      sends().map(({ body }) => body),
      ['éé'],
    );
  });

  test('nor does a frame that escaping made too large, which would end the connection', async () => {
    const { chat, of } = await openClient();
    chat.send('r', '\u0001'.repeat(16_000));
    await settled();
    assert.deepEqual(
      of('failed').map(({ code }) => code),
      ['too_large'],
    );
    assert.equal(sends().length, 0);
  });

  test('a limit of 0 is none', async () => {
    const { chat, of } = await client();
    await FakeSocket.last.welcomes({ limits: { body_bytes: 0, frame_bytes: 0 } });
    chat.send('r', 'x'.repeat(100_000));
    await settled();
    assert.deepEqual([of('failed').length, sends().length], [0, 1]);
  });

  test('half a character becomes a mark, and all else stays as it was typed', async () => {
    const { chat } = await openClient();
    chat.send('r', '\ufeffa\ud83d b\r\n\t👍');
    await settled();
    assert.equal(sends()[0].body, '\ufeffa\ufffd b\r\n\t👍');
  });

  test('more unsettled sends than can be kept are refused at once', async () => {
    const { chat } = await client();
    for (let n = 0; n < SENDS_MAX; n++) chat.send(`r${n % 7}`, 'hi');
    assert.throws(() => chat.send('r1', 'hi'), { code: 'too_many' });
  });
});
