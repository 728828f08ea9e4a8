import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Company, WRITING_MS } from '../company.js';

const ana = { id: 'ana', name: 'Ana' };
const ben = { id: 'ben', name: 'Ben' };
const me = { id: 'me', name: 'Me' };

test('who comes and goes is kept by user', () => {
  const company = new Company();
  company.list({ users: [me], count: 1 });
  company.change({ joined: [ben, ana, ana], left: [], count: 3 });
  assert.deepEqual(company.names, ['Ana', 'Ben', 'Me']);
  company.change({ joined: [], left: [ben], count: 2 });
  assert.deepEqual([company.names, company.count], [['Ana', 'Me'], 2]);
});

test('too many are only counted', () => {
  const company = new Company();
  company.list({ users: [ana], count: 1 });
  company.list({ users: [], count: 300 });
  assert.deepEqual([company.names, company.count], [[], 300]);
});

test('somebody is writing until that is over, said or gone', () => {
  const company = new Company();
  company.list({ users: [ana, ben, me], count: 3 });
  for (const user of [ana, ben, me]) company.writes(user, 0);
  assert.deepEqual(company.writing(me, 1), ['Ana', 'Ben']);
  company.said(ana);
  assert.deepEqual(company.writing(me, 1), ['Ben']);
  company.change({ joined: [], left: [ben], count: 2 });
  assert.deepEqual(company.writing(me, 1), []);
  company.writes(ana, 10);
  assert.deepEqual(company.writing(me, 10 + WRITING_MS), []);
});
