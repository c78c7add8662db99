import { check, consume, type Decision, type Question } from './decide.js';
import {
  assertCountable,
  type CommandInput,
  type FeatureQuantity,
  type NewEntry,
  type UsageCommand,
} from './usage-command.js';

/** Decisions on several features. Their usage is counted if, and only if, `allowed`: each decision allows it. */
export interface JointDecision {
  allowed: boolean;
  data: Decision[];
}

/** Counts usage of one feature if, and only if, it is allowed. */
export function consumeOne(input: CommandInput & FeatureQuantity & { properties?: object }): UsageCommand<Decision> {
  const { customer, product, idempotency, feature, quantity, actor, properties } = input;
  return {
    customer,
    product,
    idempotency,
    meterRefs: [{ feature }],
    decide: ({ now, states: [state] }) => {
      const question = { customer: customer.key, quantity, now };
      const { decision, taken, meter, burns } = consume(state!, question);
      if (taken === 0) {
        assertCountable(state!, question);
        return { answer: decision, meters: [null] };
      }
      return {
        answer: decision,
        meters: [meter],
        entries: [{ meterIndex: 0, quantity: taken, kind: 'consume', occurredAt: now, burns, actor, properties }],
      };
    },
  };
}

/** Counts usage of several features: all of them or none. */
export function consumeAll(
  input: CommandInput & { features: FeatureQuantity[]; properties?: object },
): UsageCommand<JointDecision> {
  const { features, actor, properties, ...rest } = input;
  return {
    ...rest,
    meterRefs: features.map(({ feature }) => ({ feature })),
    decide: ({ now, states }) => {
      const questions = features.map(({ quantity }): Question => ({ customer: input.customer.key, quantity, now }));
      const outcomes = states.map((state, index) => consume(state, questions[index]!));
      if (outcomes.some(({ decision }) => !decision.allowed)) {
        states.forEach((state, index) => assertCountable(state, questions[index]!));
        return {
          answer: { allowed: false, data: states.map((state, index) => check(state, questions[index]!)) },
          meters: states.map(() => null),
        };
      }
      const entries = outcomes.flatMap(({ taken, burns }, meterIndex): NewEntry[] =>
        taken > 0 ? [{ meterIndex, quantity: taken, kind: 'consume', occurredAt: now, burns, actor, properties }] : [],
      );
      return {
        answer: { allowed: true, data: outcomes.map(({ decision }) => decision) },
        meters: outcomes.map(({ taken, meter }) => (taken > 0 ? meter : null)),
        entries,
      };
    },
  };
}
