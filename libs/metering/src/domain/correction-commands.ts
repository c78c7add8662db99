import { DomainError, invalidField } from '@app/kernel';
import type { Decision } from './decide.js';
import { count, MAX_COUNT, reverse } from './meter.js';
import {
  accepted,
  type CommandInput,
  countedState,
  type EmittedEvent,
  type FeatureQuantity,
  type UsageCommand,
} from './usage-command.js';

/** Corrects usage by hand, up or down, with a reason. Units taken back are unwound newest first. */
export function correctUsage(
  input: CommandInput & { feature: string; quantity: number; at?: Date; reason: string },
): UsageCommand<Decision> {
  const { feature, quantity, at, reason, actor, ...rest } = input;
  return {
    ...rest,
    meterRefs: [{ feature, at, withBurns: true }],
    decide: ({ now, customer, states: [state] }) => {
      const { meter, allowance, entitlement, burnt } = countedState(state!);
      if (meter.used + quantity < 0)
        throw new DomainError('conflict', 'exceeds_usage', 'A correction cannot take back more units than were used.', {
          used: meter.used,
        });
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
        answer: accepted({ ...state!, meter: corrected.meter }, input, Math.abs(quantity), now),
        meters: [corrected.meter],
        unguarded: true,
        entries: [
          {
            meterIndex: 0,
            quantity,
            kind: 'correction',
            occurredAt: at ?? now,
            burns: corrected.burns,
            actor,
            properties: { reason },
          },
        ],
        events: [event],
      };
    },
  };
}

/** Returns units that are in use no longer, at most as many as were used. */
export function returnUnits(input: CommandInput & FeatureQuantity): UsageCommand<null> {
  const { feature, quantity, actor, ...rest } = input;
  return {
    ...rest,
    meterRefs: [{ feature, withBurns: true }],
    decide: ({ now, states: [state] }) => {
      const { meter, allowance, burnt } = countedState(state!);
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
