import { assertFits, ledgerValue } from './aggregation.js';
import { check, consume, type Decision, type Outcome, type Question } from './decide.js';
import { assertEntity, entityRefOf } from './entity-meter.js';
import {
  assertCountable,
  type CommandInput,
  type FeatureQuantity,
  type MeterStateWithBurns,
  type NewEntry,
  type UsageCommand,
} from './usage-command.js';

/** Decisions on several features. Their usage is counted if, and only if, `allowed`: each decision allows it. */
export interface JointDecision {
  allowed: boolean;
  data: Decision[];
}

/** The actor and the data of ledger entries. */
interface Origin extends Pick<CommandInput, 'actor'> {
  properties?: object;
}

/** Counts usage of one feature if, and only if, it is allowed. */
export function consumeOne(input: CommandInput & FeatureQuantity & { properties?: object }): UsageCommand<Decision> {
  const { customer, product, idempotency, feature, quantity, entity, value } = input;
  return {
    customer,
    product,
    idempotency,
    meterRefs: [{ feature, entity: entityRefOf(input) }],
    decide: ({ now, states: [state] }) => {
      const question = { customer: customer.key, quantity, now, entity, value };
      const outcome = decide(state!, question);
      if (!outcome.decision.allowed) {
        assertCountable(state!, question);
        return { answer: outcome.decision, meters: [null] };
      }
      return {
        answer: outcome.decision,
        meters: [outcome.meter],
        entities: [outcome.entity],
        entries: [entryOf(outcome, 0, { now, value, origin: input })],
      };
    },
  };
}

/** Counts usage of several features: all of them or none. */
export function consumeAll(
  input: CommandInput & { features: FeatureQuantity[]; properties?: object },
): UsageCommand<JointDecision> {
  const { features, customer, product, idempotency } = input;
  return {
    customer,
    product,
    idempotency,
    meterRefs: features.map((one) => ({ feature: one.feature, entity: entityRefOf(one) })),
    decide: ({ now, states }) => {
      const questions = features.map(({ quantity, entity, value }): Question => ({
        customer: customer.key,
        quantity,
        now,
        entity,
        value,
      }));
      const outcomes = states.map((state, index) => decide(state, questions[index]!));
      if (outcomes.some(({ decision }) => !decision.allowed)) {
        states.forEach((state, index) => assertCountable(state, questions[index]!));
        return {
          answer: { allowed: false, data: states.map((state, index) => check(state, questions[index]!)) },
          meters: states.map(() => null),
        };
      }
      return {
        answer: { allowed: true, data: outcomes.map(({ decision }) => decision) },
        meters: outcomes.map(({ meter }) => meter),
        entities: outcomes.map(({ entity }) => entity),
        entries: outcomes.map((outcome, index) =>
          entryOf(outcome, index, { now, value: features[index]!.value, origin: input }),
        ),
      };
    },
  };
}

/** @throws DomainError `invalid_fields`, `entity_required` */
function decide(state: MeterStateWithBurns, question: Question): Outcome {
  assertFits(state.entitlement.feature, question);
  assertEntity(state.allowance?.entityLimit, question);
  return consume(state, question);
}

const entryOf = (
  { taken, burns }: Outcome,
  meterIndex: number,
  { now, value, origin }: { now: Date; value?: number | string; origin: Origin },
): NewEntry => ({
  meterIndex,
  quantity: taken,
  kind: 'consume',
  occurredAt: now,
  burns,
  actor: origin.actor,
  properties: origin.properties,
  value: ledgerValue(value),
});
