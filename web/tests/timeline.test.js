import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Timeline, WINDOW_MAX } from '../timeline.js';

const BOB = { id: 'bob', name: 'Bob' };
const said = (seq, extra = {}) => ({
  seq,
  id: `m${seq}`,
  user: BOB,
  body: `body ${seq}`,
  at: '2026-11-20T05:00:00Z',
  ...extra,
});
const run = (from, to) => Array.from({ length: to - from + 1 }, (_, n) => said(from + n));
const page = (from, to, more = false) => ({ messages: run(from, to), more });
const edit = (seq, target, body, at = 'later') => ({ type: 'edited', room: 'r', seq, target, body, user: BOB, at });
const deletion = (seq, target) => ({ type: 'deleted', room: 'r', seq, target, user: BOB, at: 'later' });

const seqs = (timeline) => timeline.messages.map(({ seq }) => seq);
const numbers = (from, to) => run(from, to).map(({ seq }) => seq);
const bodies = (timeline) => timeline.messages.map(({ body }) => body);

/** A timeline that shows `from` to `to`, which is the end. */
function loaded(from, to, more = true) {
  const timeline = new Timeline();
  timeline.addOlder(page(from, to, more), to + 1);
  return timeline;
}

describe('taking in', () => {
  test('what is said while the first page is under way stands behind it', () => {
    const timeline = new Timeline();
    timeline.say(said(6), true);
    timeline.addOlder(page(1, 5), 6);
    assert.deepEqual(seqs(timeline), [1, 2, 3, 4, 5, 6]);
    assert.ok(timeline.atStart);
  });

  test('nothing stands twice, whichever way it comes', () => {
    const timeline = loaded(1, 5);
    timeline.say(said(5), true);
    timeline.say(said(6), true);
    timeline.addNewer(page(4, 7));
    timeline.addOlder(page(1, 3), 2);
    assert.deepEqual(seqs(timeline), [1, 2, 3, 4, 5, 6, 7]);
  });

  test('a replay of what is older than the window leaves no hole', () => {
    const timeline = loaded(50, 60);
    timeline.say(said(10), true);
    timeline.say(said(61), true);
    assert.deepEqual(seqs(timeline), numbers(50, 61));
  });

  test('an empty page is the end of that direction, whatever it says', () => {
    const timeline = loaded(1, 5);
    assert.equal(timeline.atStart, false);
    timeline.addOlder({ messages: [], more: true }, 1);
    assert.equal(timeline.atStart, true);
  });

  test('a page tells what was deleted and edited before', () => {
    const timeline = new Timeline();
    const messages = [
      said(1, { body: undefined }),
      said(2, { edited_at: 'then' }),
      said(3),
      said(4, { deleted: true }),
    ];
    timeline.addOlder({ messages, more: false }, 5);
    assert.deepEqual(bodies(timeline), [null, 'body 2', 'body 3', null]);
    assert.deepEqual(
      timeline.messages.map(({ editedAt }) => editedAt),
      [null, 'then', null, null],
    );
  });
});

describe('changes', () => {
  test('an edit changes its message, and a deletion ends that', () => {
    const timeline = loaded(1, 3);
    const [, , untouched] = timeline.messages;
    timeline.change(edit(4, 1, 'new'));
    timeline.change(deletion(5, 2));
    timeline.change(edit(6, 2, 'too late'));
    assert.deepEqual(bodies(timeline), ['new', null, 'body 3']);
    assert.equal(timeline.messages[0].editedAt, 'later');
    assert.equal(timeline.messages[2], untouched);
  });

  test('one that comes while an older page is under way counts for that page', () => {
    const timeline = loaded(10, 12);
    timeline.change(edit(13, 5, 'first'));
    timeline.change(edit(14, 5, 'second'));
    timeline.change(deletion(15, 6));
    timeline.addOlder(page(4, 9), 10);
    assert.deepEqual(bodies(timeline).slice(0, 3), ['body 4', 'second', null]);
  });
});

describe('the window', () => {
  test('drops the oldest while the reader is at the end', () => {
    const timeline = loaded(1, WINDOW_MAX, false);
    timeline.say(said(WINDOW_MAX + 1), true);
    assert.deepEqual(seqs(timeline), numbers(2, WINDOW_MAX + 1));
    assert.equal(timeline.atStart, false);
    assert.equal(timeline.atEnd, true);
  });

  test('drops nothing that a reader elsewhere may be reading: it stops following', () => {
    const timeline = loaded(1, WINDOW_MAX, false);
    timeline.say(said(WINDOW_MAX + 1), false);
    timeline.say(said(WINDOW_MAX + 2), true);
    assert.deepEqual(seqs(timeline), numbers(1, WINDOW_MAX));
    assert.equal(timeline.atEnd, false);
  });

  test('drops the newest when older ones come, and loads them again on the way back', () => {
    const timeline = loaded(201, 650);
    timeline.addOlder(page(101, 200, true), 201);
    assert.deepEqual(seqs(timeline), numbers(101, 600));
    assert.equal(timeline.atEnd, false);
    timeline.say(said(651), false);
    timeline.addNewer(page(601, 650, true));
    assert.deepEqual(seqs(timeline), numbers(151, 650));
    assert.equal(timeline.atEnd, false);
    timeline.addNewer(page(651, 651));
    assert.equal(timeline.atEnd, true);
  });

  test('is not at the end before it has what was said meanwhile', () => {
    const timeline = loaded(201, 650);
    timeline.addOlder(page(101, 200, true), 201);
    timeline.say(said(651), false);
    timeline.addNewer(page(601, 650, false));
    assert.equal(timeline.atEnd, false);
  });

  test('takes no older page that it has moved away from', () => {
    const timeline = loaded(1, WINDOW_MAX, true);
    for (const message of run(WINDOW_MAX + 1, WINDOW_MAX + 10)) timeline.say(message, true);
    timeline.addOlder({ messages: [said(0)], more: false }, 1);
    assert.deepEqual(seqs(timeline), numbers(11, WINDOW_MAX + 10));
  });

  test('begins anew when it is cleared', () => {
    const timeline = loaded(1, 5, false);
    timeline.change(edit(6, 2, 'old epoch'));
    timeline.clear();
    assert.deepEqual([timeline.messages, timeline.atStart, timeline.atEnd], [[], false, true]);
    timeline.addOlder(page(1, 2), 3);
    assert.deepEqual(bodies(timeline), ['body 1', 'body 2']);
  });
});
