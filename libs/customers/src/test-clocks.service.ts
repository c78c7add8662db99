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

const LOCK_NOT_AVAILABLE = '55P03';

/** Clocks for trying out what years bring. Each is its own; customers are put on one when they are made, and stay on it. */
@Injectable()
export class TestClocksService {
  constructor(
    private readonly clocks: TestClocksRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /** @param productId whose keys alone may use it; null: everybody's */
  create(now: Date, productId: string | null, actor: Actor): Promise<TestClock> {
    const clock: TestClock = { id: newId(), now, productId, createdAt: this.clock.now() };
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

  /** Writes down that somebody moved a clock. */
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

  /** @throws DomainError `test_clock_not_found` when it does not exist or is outside of the scope */
  async get(id: string, scope: ScopeFilter): Promise<TestClock> {
    const clock = await this.clocks.find(id);
    // A clock has no customer: for a caller limited to one customer there is none.
    return clock && admits(scope, { customerId: null, productId: clock.productId }) ? clock : absent();
  }

  /** Newest first. */
  async list(page: PageRequest, scope: ScopeFilter): Promise<Page<TestClock>> {
    return toPage(await this.clocks.list(page, scope), page.limit);
  }

  /** Holds the clock for the rest of the transaction. @throws DomainError `test_clock_not_found`, `test_clock_advancing`, `invalid_fields` when it is later already */
  async lockToAdvance(id: string, to: Date): Promise<void> {
    const { now } = (await this.clocks.lock(id).catch(refuseBusy)) ?? absent();
    if (to <= now) throw invalidField('to', `must be after the clock's present, ${now.toISOString()}`);
  }

  /** Needs a transaction that holds it. */
  moveTo(id: string, now: Date): Promise<void> {
    return this.clocks.move(id, now);
  }
}

function refuseBusy(error: Error & { code?: string }): never {
  if (error.code === LOCK_NOT_AVAILABLE)
    throw new DomainError('conflict', 'test_clock_advancing', 'The clock is being moved by somebody else.');
  throw error;
}

function absent(): never {
  throw notFound('test_clock');
}
