import { Injectable } from '@nestjs/common';
import { type Actor, Clock, DomainError, invalidField, newId, type Page, type PageRequest, toPage } from '@app/kernel';
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

  /** @param productId the product that the caller is confined to, or null. @throws DomainError `test_clock_not_found` */
  async get(id: string, productId: string | null): Promise<TestClock> {
    const clock = await this.clocks.find(id);
    return clock && (productId === null || clock.productId === productId) ? clock : notFound();
  }

  /** Newest first. */
  async list(page: PageRequest, productId: string | null): Promise<Page<TestClock>> {
    return toPage(await this.clocks.list(page, productId), page.limit);
  }

  /** Holds the clock for the rest of the transaction. @throws DomainError `test_clock_not_found`, `test_clock_advancing`, `invalid_fields` when it is later already */
  async lockToAdvance(id: string, to: Date): Promise<void> {
    const { now } = (await this.clocks.lock(id).catch(refuseBusy)) ?? notFound();
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

function notFound(): never {
  throw new DomainError('not_found', 'test_clock_not_found', 'There is no such test clock.');
}
