import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Identity, keep, slug, tokenIn } from '../identity.js';

/** A browser's storage. */
function storage() {
  const kept = new Map();
  return keep(() => ({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  }));
}

/** A server that answers every request for a token in the same way. */
function server(status, body = {}) {
  const requests = [];
  const fetch = async (path, options) => {
    requests.push([path, options.method, JSON.parse(options.body)]);
    return new Response(JSON.stringify(body), { status });
  };
  return { requests, fetch };
}

describe('the user', () => {
  test('has an id of plain letters from the name and an ending that stays', () => {
    const lasting = storage();
    const identity = new Identity(lasting, storage(), fetch);
    identity.become(' Ana Sofía ');
    assert.equal(identity.name, 'Ana Sofía');
    assert.match(identity.user, /^ana-sofia-[a-z2-9]{4}$/);
    assert.equal(new Identity(lasting, storage(), fetch).user, identity.user);
  });

  test('is another one in another browser, even of the same name', () => {
    const users = Array.from({ length: 20 }, () => {
      const identity = new Identity(storage(), storage(), fetch);
      identity.become('Ana');
      return identity.user;
    });
    assert.ok(new Set(users).size > 15);
  });

  test('is the same again after leaving and coming back', () => {
    const identity = new Identity(storage(), storage(), fetch);
    identity.become('Ana');
    const { user } = identity;
    identity.forget();
    assert.equal(identity.known, false);
    identity.become('Ana');
    assert.equal(identity.user, user);
  });

  test('lasts as long as the page where the browser keeps nothing', () => {
    const forbidden = keep(() => {
      throw new Error('SecurityError');
    });
    const identity = new Identity(forbidden, forbidden, fetch);
    identity.become('Ana');
    assert.equal(identity.name, 'Ana');
    assert.equal(identity.user, identity.user);
    identity.forget();
    assert.equal(identity.known, false);
  });

  test('every name has plain letters', () => {
    assert.equal(slug('Zoë & Łukasz!'), 'zoe-ukasz');
    assert.equal(slug('梅'), 'guest');
    assert.equal(slug('x'.repeat(99)).length, 24);
    assert.equal(slug(`${'x'.repeat(23)} y`), 'x'.repeat(23));
  });
});

describe('the token', () => {
  test('comes from the server, for this user', async () => {
    const { requests, fetch } = server(200, { token: 'a.b.c' });
    const identity = new Identity(storage(), storage(), fetch);
    identity.become('Ana');
    assert.equal(await identity.token(), 'a.b.c');
    assert.deepEqual(requests, [['/dev/token', 'POST', { user: identity.user, name: 'Ana' }]]);
    assert.equal(identity.served, true);
  });

  test('has to be brought where the server makes none, and then the server is not asked', async () => {
    const { requests, fetch } = server(404);
    const identity = new Identity(storage(), storage(), fetch);
    identity.become('Ana');
    assert.equal(await identity.token(), null);
    assert.equal(identity.served, false);
    identity.bring('x.y.z');
    assert.equal(await identity.token(), 'x.y.z');
    assert.equal(requests.length, 1);
  });

  test('is not to be had now when the server fails', async () => {
    const identity = new Identity(storage(), storage(), server(503).fetch);
    identity.become('Ana');
    await assert.rejects(identity.token());
  });

  test('that was brought is not kept for another name', async () => {
    const identity = new Identity(storage(), storage(), server(404).fetch);
    identity.bring('x.y.z');
    assert.ok(identity.known);
    identity.become('Bob');
    assert.equal(identity.brought, false);
  });

  test('is found in what was pasted', () => {
    assert.equal(tokenIn('  eyJh.eyJz_-.c2ln\n'), 'eyJh.eyJz_-.c2ln');
    assert.equal(tokenIn('no token'), null);
  });

  test('is made by a command that is safe to paste', () => {
    const identity = new Identity(storage(), storage(), fetch);
    identity.become(`O'Neil; rm -rf $HOME`);
    assert.ok(identity.command.endsWith(` --name 'O'\\''Neil; rm -rf $HOME'`));
  });
});
