import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Outgoing } from '../outgoing.js';
import { rowsOf } from '../rows.js';
import { dayInWords, dayOf, clockTime, fullTime } from '../time.js';

const ANA = { id: 'ana', name: 'Ana' };
const BOB = { id: 'bob', name: 'Bob' };
const at = (day, hour, minute = 0) => new Date(2026, 10, day, hour, minute).toISOString();
const said = (seq, user, when) => ({ seq, id: `m${seq}`, user, body: `body ${seq}`, at: when, editedAt: null });
const look = (rows) => rows.map((row) => (row.kind === 'day' ? row.day : `${row.source.id}${row.first ? '*' : ''}`));

test('a day stands before its first message, and a group begins with another author, a pause, or a day', () => {
  const messages = [
    said(1, BOB, at(19, 23, 58)),
    said(2, BOB, at(20, 0, 1)),
    said(3, BOB, at(20, 0, 2)),
    said(4, ANA, at(20, 0, 3)),
    said(5, ANA, at(20, 0, 9)),
  ];
  assert.deepEqual(look(rowsOf(messages, [], ANA)), ['2026-11-19', 'm1*', '2026-11-20', 'm2*', 'm3', 'm4*', 'm5*']);
});

test('own messages are those of the same user, not of the same name', () => {
  const rows = rowsOf([said(1, { id: 'ana-2', name: 'Ana' }, at(20, 1)), said(2, ANA, at(20, 1))], [], ANA);
  assert.deepEqual(
    rows.filter(({ kind }) => kind === 'message').map(({ own }) => own),
    [false, true],
  );
});

test('what is on its way stands behind the messages, and goes when its message is there, under the same key', () => {
  const outgoing = new Outgoing();
  outgoing.add({ id: 'd-1', room: 'r', body: 'one' });
  outgoing.add({ id: 'd-2', room: 'r', body: 'two' });
  outgoing.add({ id: 'd-3', room: 'other', body: 'three' });
  const before = rowsOf([said(1, BOB, at(20, 1))], outgoing.of('r'), ANA).filter(({ kind }) => kind === 'message');
  assert.deepEqual(
    before.map(({ source }) => source.id),
    ['m1', 'd-1', 'd-2'],
  );
  const there = { ...said(2, ANA, at(20, 1)), id: 'd-1' };
  const after = rowsOf([said(1, BOB, at(20, 1)), there], outgoing.of('r'), ANA).filter(
    ({ kind }) => kind === 'message',
  );
  assert.deepEqual(
    after.map(({ source, state }) => [source.id, state]),
    [
      ['m1', 'sent'],
      ['d-1', 'sent'],
      ['d-2', 'pending'],
    ],
  );
  assert.equal(after[1].key, before[1].key);
});

test('another one’s message with the same id takes nothing away', () => {
  const outgoing = new Outgoing();
  outgoing.add({ id: 'm1', room: 'r', body: 'mine' });
  const rows = rowsOf([said(1, BOB, at(20, 1))], outgoing.of('r'), ANA);
  assert.equal(rows.filter(({ kind }) => kind === 'message').length, 2);
});

test('what was sent is pending, then sent with its position, or failed until it is tried again or dropped', () => {
  const outgoing = new Outgoing();
  for (const id of ['d-1', 'd-2']) outgoing.add({ id, room: 'r', body: id });
  assert.equal(outgoing.pending, 2);
  outgoing.sent({ id: 'd-1', seq: 7 });
  outgoing.failed({ id: 'd-2', code: 'not_allowed' });
  outgoing.failed({ id: 'unknown', code: 'not_allowed' });
  assert.deepEqual(
    outgoing.of('r').map(({ state, seq, code }) => [state, seq, code]),
    [
      ['sent', 7, undefined],
      ['failed', undefined, 'not_allowed'],
    ],
  );
  assert.equal(outgoing.pending, 0);
  outgoing.add(outgoing.get('d-2'));
  assert.deepEqual([outgoing.get('d-2').state, outgoing.get('d-2').code], ['pending', undefined]);
  outgoing.add(outgoing.get('d-1'));
  assert.deepEqual(
    outgoing.of('r').map(({ id }) => id),
    ['d-2', 'd-1'],
  );
  outgoing.drop('d-2');
  assert.deepEqual(
    outgoing.of('r').map(({ id }) => id),
    ['d-1'],
  );
});

test('days are in words when they are near, with the year when they are far', () => {
  const now = new Date(2026, 10, 20, 0, 5);
  const near = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
  const same = (one, other) => assert.equal(one.toLowerCase(), other.toLowerCase());
  same(dayInWords('2026-11-20', now), near.format(0, 'day'));
  same(dayInWords('2026-11-19', now), near.format(-1, 'day'));
  assert.match(dayInWords('2026-11-18', now), /18/);
  assert.doesNotMatch(dayInWords('2026-11-18', now), /2026/);
  assert.match(dayInWords('2025-11-18', now), /2025/);
});

test('what is no moment is no text, and nothing breaks', () => {
  assert.deepEqual([clockTime('?'), fullTime('?'), dayOf('?'), dayInWords('')], ['', '', '', '']);
  assert.equal(dayOf(at(20, 23, 59)), '2026-11-20');
});
