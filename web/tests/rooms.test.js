import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hashOf, JOINED_MAX, LOBBY, roomIn, roomOfHash, Rooms } from '../rooms.js';

const names = (rooms) => rooms.list.map(({ room }) => room);
const unread = (rooms) =>
  Object.fromEntries(rooms.list.filter((entry) => entry.unread).map((entry) => [entry.room, entry.unread]));

test('a typed name is a room if its letters are allowed, blanks made dashes', () => {
  assert.equal(roomIn(' #tea time '), 'tea-time');
  assert.equal(roomIn('Az09_-.:=@,;'), 'Az09_-.:=@,;');
  for (const bad of ['', '#', 'a/b', 'é', 'a*', 'x'.repeat(129)]) assert.equal(roomIn(bad), null, bad);
});

test('the address names the room, and whatever it says there is one', () => {
  assert.equal(roomOfHash(hashOf('team-1:=@,;')), 'team-1:=@,;');
  assert.equal(roomOfHash('#tea%20time'), 'tea-time');
  for (const none of ['', '#', '#a/b', '#%zz']) assert.equal(roomOfHash(none), LOBBY, none);
});

test('the list has what the server lists, the lobby, and where the reader is', () => {
  const rooms = new Rooms();
  rooms.show('zoo');
  rooms.learn([{ room: 'b', name: 'Alpha' }, { room: 'c' }]);
  assert.deepEqual(
    rooms.list.map(({ name }) => name),
    ['Alpha', 'c', 'lobby', 'zoo'],
  );
  assert.deepEqual(
    rooms.list.filter(({ current }) => current).map(({ room }) => room),
    ['zoo'],
  );
});

test('counts what is new in rooms that are listened to, until they are shown', () => {
  const rooms = new Rooms();
  for (const room of ['a', 'b']) rooms.show(room);
  for (const room of ['a', 'a', 'b', 'never shown']) rooms.count(room);
  assert.deepEqual(unread(rooms), { a: 2 });
  rooms.show('a');
  assert.deepEqual(unread(rooms), {});
});

test('leaves the room that was shown longest ago when there are too many', () => {
  const rooms = new Rooms();
  for (let n = 0; n < JOINED_MAX; n++) assert.deepEqual(rooms.show(`r${n}`), []);
  assert.deepEqual(rooms.show('r0'), []);
  assert.deepEqual(rooms.show('one more'), ['r1']);
});

test('listens to no more rooms than the server allows', () => {
  const rooms = new Rooms();
  rooms.limit(2);
  for (const room of ['a', 'b']) assert.deepEqual(rooms.show(room), []);
  assert.deepEqual(rooms.show('c'), ['a']);
  rooms.limit(0);
  assert.deepEqual(rooms.show('d'), []);
});

test('a room that is lost is listed no longer than the reader looks at it', () => {
  const rooms = new Rooms();
  rooms.learn([{ room: 'secret', name: 'Secret' }]);
  rooms.show('secret');
  rooms.lose('secret');
  assert.ok(names(rooms).includes('secret'));
  rooms.show(LOBBY);
  assert.deepEqual(names(rooms), [LOBBY]);
});
