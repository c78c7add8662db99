import { DomainError, invalidField, MAX_COUNT } from '@app/kernel';
import { assertFits, assertSum } from './aggregation.js';
import type { Report } from './report.js';
import type { Decision } from './decide.js';
import { changed, type EntityMeter, entityRefOf, NO_ENTITY } from './entity-meter.js';
import { count, reverse } from './meter.js';
import {
  accepted,
  type CommandInput,
  countedState,
  type EmittedEvent,
  type FeatureQuantity,
  type MeterStateWithBurns,
  type UsageCommand,
} from './usage-command.js';

/**
 * Corrects usage by hand, up or down, with a reason. Units taken back are unwound newest first. Where the feature
 * counts reported values, the corrected count replaces all values reported before.
 */
export function correctUsage(
  input: CommandInput & Report & { feature: string; quantity: number; at?: Date; reason: string },
): UsageCommand<Decision> {
  const { feature, quantity, at, reason, actor, ...rest } = input;
  return {
    ...rest,
    meterRefs: [{ feature, at, withBurns: true, entity: entityRefOf(input) ?? { id: NO_ENTITY } }],
    decide: ({ now, customer, states: [state] }) => {
      const { meter, allowance, entitlement, burnt } = countedState(state!);
      const part = correctedPart(state!, input, at ?? now);
      assertUsed(quantity, meter.used, part?.before.used);
      if (meter.used + meter.reserved + quantity > MAX_COUNT) throw invalidField('quantity', 'is too large');
      const corrected =
        quantity > 0 ? count(meter, allowance, quantity, now) : reverse(meter, allowance, -quantity, burnt);
      const event: EmittedEvent = {
        type: 'usage.corrected',
        subject: { type: 'customer', id: customer.id },
        customerId: customer.id,
        actor,
        reason,
        before: { feature: entitlement.feature.key, used: meter.used },
        after: { feature: entitlement.feature.key, used: corrected.meter.used, windowStart: meter.windowStart },
      };
      return {
        answer: accepted(
          { ...state!, meter: corrected.meter, entity: part?.after },
          { ...input, quantity: Math.abs(quantity), now },
        ),
        meters: [corrected.meter],
        entities: [part?.after ?? null],
        unguarded: true,
        entries: [
          {
            meterIndex: 0,
            quantity,
            kind: 'correction',
            occurredAt: part?.correctedAt ?? at ?? now,
            burns: corrected.burns,
            actor,
            properties: { reason },
            value: part?.value,
          },
        ],
        events: [event],
      };
    },
  };
}

/** @throws DomainError `exceeds_usage` */
function assertUsed(quantity: number, ...counts: (number | undefined)[]): void {
  const used = Math.min(...counts.filter((count) => count !== undefined));
  if (used + quantity < 0)
    throw new DomainError('conflict', 'exceeds_usage', 'A correction cannot take back more units than were used.', {
      used,
    });
}

/**
 * The part of a correction that belongs to an entity; null: it corrects only the customer's count.
 * @throws DomainError `invalid_fields`
 */
function correctedPart(
  { entitlement: { feature }, entity }: MeterStateWithBurns,
  { quantity, ...report }: Report & { quantity: number },
  at: Date,
): { before: EntityMeter; after: EntityMeter; correctedAt?: Date; value?: number } | null {
  const isNumber = feature.aggregation === 'latest' || feature.aggregation === 'max';
  assertFits(feature, isNumber ? { ...report, value: report.value ?? 0 } : report);
  if (isNumber && report.value !== undefined) throw invalidField('value', 'must be left out: send quantity');
  if (!entity || (feature.aggregation === 'sum' && entity.id === NO_ENTITY)) return null;
  if (feature.aggregation === 'sum') return { before: entity, after: changed(entity, quantity, null) };
  const value = entity.used + quantity;
  if (feature.aggregation === 'unique' && value > 1) throw invalidField('quantity', 'adds a value that is counted');
  // Not before the newest value: that would change nothing.
  const correctedAt = entity.latestAt !== null && entity.latestAt > at ? entity.latestAt : at;
  return { before: entity, after: changed(entity, quantity, correctedAt), correctedAt, value };
}

/** Returns units that are in use no longer, at most as many as were used. */
export function returnUnits(input: CommandInput & FeatureQuantity): UsageCommand<null> {
  const { feature, quantity, actor, ...rest } = input;
  return {
    ...rest,
    meterRefs: [{ feature, withBurns: true }],
    decide: ({ now, states: [state] }) => {
      const { meter, allowance, burnt, entitlement } = countedState(state!);
      assertSum(entitlement.feature);
      const returned = Math.min(quantity, meter.used);
      if (returned === 0) return { answer: null, meters: [null] };
      const reversed = reverse(meter, allowance, returned, burnt);
      return {
        answer: null,
        meters: [reversed.meter],
        unguarded: true,
        entries: [
          { meterIndex: 0, quantity: -returned, kind: 'correction', occurredAt: now, burns: reversed.burns, actor },
        ],
      };
    },
  };
}
