import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';

import { CODES } from '../parlor.js';
import { client, control, FakeSocket, openClient, passes, settled } from './fake.js';

beforeEach(control);
afterEach(() => mock.reset());

describe('opening', () => {
  test('offers the protocol and the token as subprotocols, and is open with the welcome', async () => {
    const { chat } = await client({ token: async () => 'head.body.sign' });
    assert.deepEqual(FakeSocket.last.protocols, ['parlor.v1', 'parlor.token.head.body.sign']);
    assert.equal(chat.state.state, 'connecting');
    await FakeSocket.last.welcomes();
    assert.equal(chat.state.state, 'open');
    assert.deepEqual(chat.user, { id: 'ana', name: 'Ana' });
  });

  test('asks for a token anew at each attempt', async () => {
    let asked = 0;
    await client({ token: () => `t${++asked}` });
    await FakeSocket.last.ends();
    await passes(500);
    assert.deepEqual(
      FakeSocket.all.map(({ protocols }) => protocols[1]),
      ['parlor.token.t1', 'parlor.token.t2'],
    );
  });

  test('waits when no token is to be had now, and closes when there is none', async () => {
    let answer = () => Promise.reject(new Error('offline'));
    const { chat } = await client({ token: () => answer() });
    assert.deepEqual(chat.state, { state: 'waiting', retryInMs: 500, code: 'unavailable' });
    answer = () => null;
    await passes(500);
    assert.deepEqual(chat.state, { state: 'closed', code: 'not_identified' });
    assert.equal(FakeSocket.all.length, 0);
  });

  test('a text that can be no token closes', async () => {
    const { chat } = await client({ token: () => 'no token' });
    assert.deepEqual(chat.state, { state: 'closed', code: 'not_identified' });
  });

  test('a server that accepts and stays silent is given up after 10 s', async () => {
    const { chat } = await client();
    await passes(9_999);
    assert.equal(chat.state.state, 'connecting');
    await passes(1);
    assert.equal(chat.state.code, 'quiet');
    assert.ok(FakeSocket.last.closed);
  });

  test('a token that comes after closing opens nothing', async () => {
    let give;
    const { chat } = await client({ token: () => new Promise((resolve) => (give = resolve)) });
    chat.close();
    give('late');
    await settled();
    assert.equal(FakeSocket.all.length, 0);
    assert.deepEqual(chat.state, { state: 'closed', code: null });
  });
});

describe('coming back', () => {
  test('waits twice as long after each failure, up to 15 s', async () => {
    const { chat } = await client();
    const waits = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      await FakeSocket.last.ends();
      waits.push(chat.state.retryInMs);
      await passes(chat.state.retryInMs);
    }
    assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  });

  test('half of the wait is at random', async () => {
    Math.random.mock.mockImplementation(() => 0);
    const { chat } = await client();
    await FakeSocket.last.ends();
    assert.equal(chat.state.retryInMs, 250);
  });

  test('only a connection that lasted makes the waits short again', async () => {
    const { chat } = await openClient();
    await FakeSocket.last.ends();
    await passes(500);
    await FakeSocket.last.welcomes();
    await FakeSocket.last.ends();
    assert.equal(chat.state.retryInMs, 1000);
    await passes(1000);
    await FakeSocket.last.welcomes();
    await passes(5000);
    await FakeSocket.last.ends();
    assert.equal(chat.state.retryInMs, 500);
  });

  test('a connection that did not last never makes them short, however late', async () => {
    const { chat } = await openClient();
    for (const wait of [500, 1000, 2000, 4000, 8000]) {
      await FakeSocket.last.ends();
      assert.equal(chat.state.retryInMs, wait);
      await passes(wait);
    }
  });

  test('waits as long as the farewell asks for', async () => {
    const { chat } = await openClient();
    await FakeSocket.last.says({ type: 'bye', code: 'going_away', retry_ms: 1834 });
    await FakeSocket.last.ends(1012);
    assert.deepEqual(chat.state, { state: 'waiting', retryInMs: 1834, code: 'going_away' });
  });

  test('believes the farewell more than the close code, which proxies change', async () => {
    const { chat } = await openClient();
    await FakeSocket.last.says({ type: 'bye', code: 'removed' });
    await FakeSocket.last.ends(1006);
    assert.deepEqual(chat.state, { state: 'closed', code: 'removed' });
  });

  test('does not wait out the time when it is woken', async () => {
    const { chat } = await client();
    await FakeSocket.last.ends();
    chat.wake();
    await settled();
    assert.equal(FakeSocket.all.length, 2);
    await passes(500);
    assert.equal(FakeSocket.all.length, 2);
  });

  test('hears nothing any more of a socket that it let go', async () => {
    const { chat } = await openClient();
    const [old] = FakeSocket.all;
    await passes(25_000);
    await passes(10_000);
    await passes(500);
    await old.welcomes();
    await old.ends(4013);
    assert.equal(chat.state.state, 'connecting');
  });

  for (const [code, { close, advice }] of Object.entries(CODES)) {
    test(`does as the table says when it is closed with ${code}`, async () => {
      const { chat } = await openClient();
      await FakeSocket.last.ends(close);
      assert.equal(chat.state.state, advice === 'give_up' ? 'closed' : 'waiting');
      assert.equal(chat.state.code, code);
    });
  }

  test('a token that is turned down twice in a row closes', async () => {
    const { chat } = await openClient();
    await FakeSocket.last.ends(4001);
    await passes(500);
    await FakeSocket.last.ends(4001);
    assert.deepEqual(chat.state, { state: 'closed', code: 'not_identified' });
  });

  test('one that ran out is followed by the next, as often as it takes', async () => {
    const { chat } = await openClient();
    for (const wait of [500, 1000, 2000]) {
      await FakeSocket.last.ends(4001);
      assert.equal(chat.state.state, 'waiting');
      await passes(wait);
      await FakeSocket.last.welcomes();
    }
    assert.equal(chat.state.state, 'open');
  });

  test('can be connected again after it was closed', async () => {
    const { chat } = await openClient();
    chat.close();
    assert.ok(FakeSocket.last.closed);
    chat.connect();
    await settled();
    await FakeSocket.last.welcomes();
    assert.equal(chat.state.state, 'open');
  });
});

describe('staying', () => {
  test('asks for a sign of life after ping_s of silence, and comes back after 10 s without one', async () => {
    const { chat } = await client();
    await FakeSocket.last.welcomes({ ping_s: 7 });
    await passes(6_999);
    assert.equal(FakeSocket.last.asked('ping').length, 0);
    await passes(1);
    assert.equal(FakeSocket.last.asked('ping').length, 1);
    await passes(9_999);
    assert.equal(chat.state.state, 'open');
    await passes(1);
    assert.deepEqual(chat.state, { state: 'waiting', retryInMs: 500, code: 'quiet' });
  });

  test('any frame is a sign of life, even a broken one', async () => {
    const { chat } = await openClient();
    for (const frame of [{ type: 'pong' }, 'no json', 'null', '[]', { type: 'from the future' }]) {
      await passes(25_000);
      await passes(9_999);
      await FakeSocket.last.says(frame);
    }
    assert.equal(chat.state.state, 'open');
    assert.equal(FakeSocket.last.asked('ping').length, 5);
  });

  test('asks at once when it is woken, and being woken again does not make the wait longer', async () => {
    const { chat } = await openClient();
    chat.wake();
    await passes(9_000);
    chat.wake();
    await passes(1_000);
    assert.equal(chat.state.state, 'waiting');
    assert.equal(FakeSocket.last.asked('ping').length, 1);
  });

  test('renews a token that runs out, without a new connection', async () => {
    let asked = 0;
    const { chat } = await openClient({ token: () => `t${++asked}` });
    await FakeSocket.last.says({ type: 'token_expiring', in_s: 60 });
    assert.deepEqual(FakeSocket.last.asked('hello'), [{ type: 'hello', token: 't2' }]);
    await FakeSocket.last.welcomes();
    assert.equal(chat.state.state, 'open');
    assert.equal(FakeSocket.all.length, 1);
  });

  test('passes on whether the server may be behind', async () => {
    const { of } = await openClient();
    await FakeSocket.last.says({ type: 'status', state: 'degraded' });
    assert.deepEqual(
      of('status').map(({ state }) => state),
      ['degraded'],
    );
  });
});
