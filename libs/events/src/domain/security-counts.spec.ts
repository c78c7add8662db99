import { describe, expect, it } from '@jest/globals';
import { MAX_ROWS_PER_MINUTE, MAX_WAITING, SecurityCounts } from './security-counts.js';
import type { SecurityCount, SecurityEvent } from './security-event.js';

const NOON = new Date('2026-11-21T12:00:00.000Z');
const after = (ms: number): Date => new Date(NOON.getTime() + ms);
const failed = (account: string, address = '203.0.113.7'): SecurityEvent => ({
  type: 'login.failed',
  subject: { type: 'account_reference', id: account },
  actor: { kind: 'anonymous', id: null, origin: { address, requestId: `request of ${account}` } },
  reason: 'unknown_account',
  details: { account },
});
const summary = (counts: SecurityCount[]) =>
  counts.map(({ event, count, at, lastAt }) => [event.subject.id, count, at.getTime(), lastAt.getTime()]);

describe('the counts of security events', () => {
  it('count equal events of one minute in one row, with their first and last time', () => {
    const counts = new SecurityCounts();
    for (const ms of [1_000, 2_000, 59_999]) counts.add(failed('a'), `id ${ms}`, after(ms));
    const taken = counts.take();
    expect(summary(taken)).toEqual([['a', 3, after(1_000).getTime(), after(59_999).getTime()]]);
    expect(taken[0]!.id).toBe('id 1000');
    expect(counts.take()).toEqual([]);
  });

  it('start a new row with each minute, address, account, reason and actor', () => {
    const counts = new SecurityCounts();
    counts.add(failed('a'), '1', NOON);
    counts.add(failed('a'), '2', after(60_000));
    counts.add(failed('a', '203.0.113.8'), '3', after(60_000));
    counts.add({ ...failed('a'), reason: 'wrong_password' }, '4', after(60_000));
    counts.add({ ...failed('a'), actor: { kind: 'user', id: 'u' } }, '5', after(60_000));
    counts.add(failed('b'), '6', after(60_000));
    expect(counts.take().map(({ count }) => count)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('have a bounded number of rows per minute, also over several flushes: the rest is one row', () => {
    const counts = new SecurityCounts();
    const rows: SecurityCount[] = [];
    for (let n = 0; n < 10_000; n++) {
      counts.add(failed(`account ${n}`), String(n), after(n));
      if (n % 1_000 === 0) rows.push(...counts.take());
    }
    rows.push(...counts.take());
    expect(new Set(rows.map(({ bucket }) => bucket)).size).toBe(MAX_ROWS_PER_MINUTE + 1);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
    const rest = rows.filter(({ event }) => event.reason === 'too_many_to_list');
    expect(rest.reduce((sum, { count }) => sum + count, 0)).toBe(10_000 - MAX_ROWS_PER_MINUTE);
    expect(JSON.stringify(rest)).not.toContain('203.0.113.7');
  });

  it('keep rows that were put back, and count on', () => {
    const counts = new SecurityCounts();
    counts.add(failed('a'), '1', NOON);
    const failedToStore = counts.take();
    counts.add(failed('a'), '2', after(2_000));
    counts.putBack(failedToStore);
    expect(summary(counts.take())).toEqual([['a', 2, NOON.getTime(), after(2_000).getTime()]]);
  });

  it('drop rows beyond a bound while nothing can be stored', () => {
    const counts = new SecurityCounts();
    for (let n = 0; n < MAX_WAITING + 1_000; n++) counts.add(failed('a'), String(n), after(n * 60_000));
    expect(counts.take()).toHaveLength(MAX_WAITING);
  });
});
