import { Injectable } from '@nestjs/common';
import {
  type Actor,
  admits,
  Clock,
  DomainError,
  invalidField,
  newId,
  notFound,
  type Page,
  type PageRequest,
  type ScopeFilter,
  toPage,
} from '@app/kernel';
import { Events } from '@app/events';
import { Database } from '@app/platform';
import { type TestClock, TestClocksRepository } from './test-clocks.repository.js';

/** SQLSTATE lock_not_available, of `for update nowait`. */
const LOCK_NOT_AVAILABLE = '55P03';

/** Test clocks: simulate months and years in tests. A customer gets its clock at creation and keeps it. */
@Injectable()
export class TestClocksService {
  constructor(
    private readonly clocks: TestClocksRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /**
   * Creates a test clock that shows `now`.
   * @param productId only API keys of this product may use the clock; null: all keys
   * @example await clocks.create(new Date('2026-01-01T00:00:00Z'), null, actor)
   */
  create(now: Date, productId: string | null, actor: Actor): Promise<TestClock> {
    const clock: TestClock = { id: newId(), now, productId, createdAt: this.clock.now(), deletedAt: null };
    return this.database.transaction(async () => {
      await this.clocks.insert(clock);
      await this.events.record({
        type: 'test_clock.created',
        subject: { type: 'test_clock', id: clock.id },
        productId,
        actor,
        after: { now },
      });
      return clock;
    });
  }

  /**
   * Records the event `test_clock.advanced`.
   * @example await clocks.recordAdvance(before, await clocks.get(id, scope), actor)
   */
  recordAdvance(before: TestClock, after: TestClock, actor: Actor): Promise<void> {
    const { id, productId } = after;
    return this.database.transaction(() =>
      this.events.record({
        type: 'test_clock.advanced',
        subject: { type: 'test_clock', id },
        productId,
        actor,
        before: { now: before.now },
        after: { now: after.now },
      }),
    );
  }

  /**
   * One test clock.
   * @throws DomainError `test_clock_not_found` when it does not exist or is outside of the scope
   * @example const { now } = await clocks.get(id, { productId: null, customerId: null })
   */
  async get(id: string, scope: ScopeFilter): Promise<TestClock> {
    const clock = await this.clocks.find(id);
    // A clock has no customer, so a caller limited to one customer sees no clocks.
    const visible =
      clock?.deletedAt === null && admits(scope, { customerId: null, productId: clock.productId }) ? clock : null;
    return visible ?? testClockNotFound();
  }

  /**
   * Lists the test clocks in the scope, newest first.
   * @example await clocks.list({ after: null, limit: 20 }, scope)
   */
  async list(page: PageRequest, scope: ScopeFilter): Promise<Page<TestClock>> {
    return toPage(await this.clocks.list(page, scope), page.limit);
  }

  /**
   * Locks the clock until the transaction ends. Needs a transaction.
   * @throws DomainError `test_clock_not_found`; `test_clock_advancing` when another request has locked it;
   *   `invalid_fields` when `to` is not after the time of the clock
   * @example await clocks.lockToAdvance(id, to)
   */
  async lockToAdvance(id: string, to: Date): Promise<void> {
    const { now } = (await this.clocks.lock(id).catch(throwClockBusy)) ?? testClockNotFound();
    if (to <= now) throw invalidField('to', `must be after the current time of the clock, ${now.toISOString()}`);
  }

  /**
   * Locks a clock that is to be deleted until the transaction ends, and returns up to `limit` customers that still live
   * by it. No customer can be created on it meanwhile. Needs a transaction.
   * @throws DomainError `test_clock_not_found`; `test_clock_advancing` when another request has locked it
   * @example const customerIds = await clocks.lockToDelete(id, 100)
   */
  async lockToDelete(id: string, limit: number): Promise<string[]> {
    if (!(await this.clocks.lockToDelete(id).catch(throwClockBusy))) testClockNotFound();
    return this.clocks.customersOf(id, limit);
  }

  /**
   * Deletes a clock without customers and records the event `test_clock.deleted`. Needs a transaction that has locked
   * it with `lockToDelete`.
   * @example await clocks.delete(clock, actor)
   */
  async delete({ id, now, productId }: TestClock, actor: Actor): Promise<void> {
    await this.clocks.setDeleted(id, this.clock.now());
    await this.events.record({
      type: 'test_clock.deleted',
      subject: { type: 'test_clock', id },
      productId,
      actor,
      before: { now },
    });
  }

  /**
   * Sets the time of the clock. Needs a transaction that has locked it with `lockToAdvance`.
   * @example await clocks.moveTo(id, to)
   */
  moveTo(id: string, now: Date): Promise<void> {
    return this.clocks.setNow(id, now);
  }
}

function throwClockBusy(error: Error & { code?: string }): never {
  if (error.code === LOCK_NOT_AVAILABLE)
    throw new DomainError(
      'conflict',
      'test_clock_advancing',
      'Another request is advancing or deleting this test clock; retry when it has finished.',
    );
  throw error;
}

function testClockNotFound(): never {
  throw notFound('test_clock');
}
