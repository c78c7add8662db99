import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { CustomerTime } from '@app/customers';
import {
  type CachedSnapshot,
  denialOf,
  type Entitlement,
  EntitlementsService,
  EntitlementSnapshots,
} from '@app/entitlements';
import { DomainError } from '@app/kernel';
import { SubscriptionsService } from '@app/subscriptions';
import { isCounted } from '../domain/decide.js';
import { ingestEvents, type IngestResult, UNCONFIRMED, type UsageEvent } from '../domain/ingest-command.js';
import type { CommandInput, UsageCommand } from '../domain/usage-command.js';
import { CommandRunner } from './command-runner.js';

/** The oldest usage event that is accepted, in milliseconds: 92 days. */
const MAX_EVENT_AGE_MS = 92 * 86_400_000;
/** How far ahead a usage event may be: clocks of other machines differ by up to 5 minutes. */
const MAX_CLOCK_SKEW_MS = 300_000;

/** Counts usage that has already happened. */
@Injectable()
export class UsageIngestion {
  constructor(
    private readonly snapshots: EntitlementSnapshots,
    private readonly entitlements: EntitlementsService,
    private readonly subscriptions: SubscriptionsService,
    private readonly catalog: CatalogReader,
    private readonly commands: CommandRunner,
    private readonly time: CustomerTime,
  ) {}

  /** Counts the usage events of one customer. @returns one result for each event, in their order */
  async ingest(request: CommandInput, events: UsageEvent[]): Promise<IngestResult[]> {
    const snapshot = await this.snapshots.snapshotOf(request.customer, 'any age');
    const now = (await this.time.of(snapshot.customer)).getTime();
    const codes = events.map((event) => this.rejection(snapshot, request.product, event, now));
    return this.ingestAccepted(
      request,
      events,
      codes.every(isKnown) ? codes : await Promise.all(codes.map(async (code) => code)),
    );
  }

  private async ingestAccepted(
    request: CommandInput,
    events: UsageEvent[],
    codes: (string | null)[],
  ): Promise<IngestResult[]> {
    const results = await this.countWithout(codes, events, (accepted) =>
      this.count(ingestEvents({ ...request, events: accepted })),
    );
    return results.some(({ code }) => code === UNCONFIRMED) ? this.confirm(request, events, results) : results;
  }

  /** The usual event occurred within the present span of the subscription: only others need its history. */
  private async confirm(request: CommandInput, events: UsageEvent[], results: IngestResult[]): Promise<IngestResult[]> {
    const early = events.filter((_, index) => results[index]!.code === UNCONFIRMED);
    const { id: productId } = await this.catalog.getProduct(request.product);
    const stateAt = await this.subscriptions.statusHistory(request.customer.id, productId);
    const codes = early.map(({ occurredAt }) => denialOf(stateAt(occurredAt!), occurredAt!));
    const confirmed = await this.countWithout(codes, early, (entitled) =>
      this.count(ingestEvents({ ...request, events: entitled, confirmed: true })),
    );
    let next = 0;
    return results.map((result) => (result.code === UNCONFIRMED ? confirmed[next++]! : result));
  }

  private async count(command: UsageCommand<IngestResult[]>): Promise<IngestResult[]> {
    return (await this.commands.run(command)).answer;
  }

  /** Rejects the events that have a code, and counts the others. */
  private async countWithout(
    codes: (string | null)[],
    events: UsageEvent[],
    count: (events: UsageEvent[]) => Promise<IngestResult[]>,
  ): Promise<IngestResult[]> {
    if (codes.every((code) => code === null)) return count(events);
    const accepted = events.filter((_, index) => codes[index] === null);
    const results = accepted.length > 0 ? await count(accepted) : [];
    let next = 0;
    return events.map(({ id }, index) =>
      codes[index] === null ? results[next++]! : { id, status: 'rejected', code: codes[index]! },
    );
  }

  /** The code of an event that is rejected without reading its counter; null: none. A promise where it must read. */
  private rejection(
    snapshot: CachedSnapshot,
    product: string,
    event: UsageEvent,
    now: number,
  ): string | null | Promise<string | null> {
    const { occurredAt } = event;
    if (occurredAt && occurredAt.getTime() > now + MAX_CLOCK_SKEW_MS) return 'occurred_in_future';
    if (occurredAt && occurredAt.getTime() < now - MAX_EVENT_AGE_MS) return 'occurred_too_long_ago';
    const entitlement = this.entitlements.peek(snapshot, product, event.feature);
    if (entitlement) return rejectionBy(entitlement, event);
    return this.entitlements.resolve(snapshot, product, event.feature).then(
      (resolved) => rejectionBy(resolved, event),
      (error: unknown) => {
        if (error instanceof DomainError && error.kind === 'not_found') return error.code;
        throw error;
      },
    );
  }
}

const isKnown = (code: string | null | Promise<string | null>): code is string | null => !(code instanceof Promise);

function rejectionBy({ feature, allowedSince }: Entitlement, { occurredAt }: UsageEvent): string | null {
  if (!isCounted(feature.type)) return 'feature_not_metered';
  return occurredAt && allowedSince && occurredAt < allowedSince ? UNCONFIRMED : null;
}
