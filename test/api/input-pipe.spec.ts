import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { type ClassConstructor, plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { type Class, compile } from '../../apps/api/src/http/input/quick-check.js';
import { CreateReservationDto } from '../../apps/api/src/reservations/dto/reservation.dto.js';
import { CheckBatchDto, ConsumptionBatchDto } from '../../apps/api/src/usage/dto/batch.dto.js';
import { CheckDto, ConsumeDto } from '../../apps/api/src/usage/dto/usage.dto.js';
import { CorrectionDto, UsageEventsDto } from '../../apps/api/src/usage/dto/usage-records.dto.js';

const DTOS: [string, Class][] = Object.entries({
  CheckBatchDto,
  CheckDto,
  ConsumeDto,
  ConsumptionBatchDto,
  CorrectionDto,
  UsageEventsDto,
  CreateReservationDto,
});
const valid = (type: Class, value: object): boolean =>
  validateSync(plainToInstance(type as unknown as ClassConstructor<object>, value), {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: false,
  }).length === 0;

const anything = fc.oneof(
  fc.string({ maxLength: 70 }),
  fc.constantFrom('', 'acme', 'calls', '2026-11-21T09:00:00Z', '2026-11-21', '2026-W01', 'x'.repeat(200)),
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, 1, -1, 2 ** 53 - 1, 2 ** 53),
  fc.boolean(),
  fc.constantFrom(null, undefined),
  fc.array(fc.string({ maxLength: 5 }), { maxLength: 3 }),
  fc.dictionary(fc.string({ maxLength: 5 }), fc.integer(), { maxKeys: 2 }),
);
const item = fc.dictionary(
  fc.constantFrom('id', 'customer', 'feature', 'quantity', 'occurredAt', 'properties', 'idempotencyKey', 'other'),
  anything,
  { maxKeys: 6 },
);
const nearly = fc.record(
  {
    id: fc.constant('e1'),
    customer: fc.constant('acme'),
    feature: fc.constant('calls'),
    quantity: fc.integer({ min: -1, max: 5 }),
  },
  { requiredKeys: [] },
);
const body = fc.dictionary(
  fc.constantFrom(
    'customer',
    'product',
    'feature',
    'features',
    'quantity',
    'properties',
    'events',
    'checks',
    'consumptions',
    'reason',
    'at',
    'ttlSeconds',
    'other',
  ),
  fc.oneof(anything, fc.array(fc.oneof(item, nearly), { maxLength: 3 })),
  { maxKeys: 8 },
);
const likely = fc.record(
  {
    customer: fc.constant('acme'),
    product: fc.constant('api'),
    feature: fc.constant('calls'),
    quantity: fc.integer({ min: -1, max: 9 }),
    reason: fc.constant('why'),
    ttlSeconds: fc.integer({ min: 0, max: 70 }),
    events: fc.array(nearly, { maxLength: 3 }),
  },
  { requiredKeys: [] },
);

const usageEvents = fc.record({
  product: fc.constant('api'),
  events: fc.array(nearly, { minLength: 1, maxLength: 2 }),
});
const batchItem = fc.record(
  {
    customer: fc.constant('acme'),
    feature: fc.constant('calls'),
    quantity: fc.integer({ min: 0, max: 5 }),
    idempotencyKey: fc.constantFrom('k1', 'k 2'),
  },
  { requiredKeys: ['feature'] },
);
const batch = fc.dictionary(
  fc.constantFrom('checks', 'consumptions'),
  fc.array(batchItem, { minLength: 1, maxLength: 2 }),
  { maxKeys: 1 },
);

describe('the compiled body check', () => {
  it.each(DTOS)('%s: reports the same errors as class-validator', (_, type) => {
    const check = compile(type)!;
    expect(check).not.toBeNull();
    let passed = 0;
    fc.assert(
      fc.property(fc.oneof(body, likely, usageEvents, batch), (value) => {
        const given = Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
        if (check(given)) passed++;
        expect([given, check(given)]).toEqual([given, valid(type, given)]);
      }),
      { numRuns: 2_000 },
    );
    expect(passed).toBeGreaterThan(0);
  });

  it('passes decorators that it does not know to class-validator', () => {
    expect(compile(class Unknown {})).toBeNull();
  });

  it.each([null, 1, 'text', [], [{}]])('rejects %j', (value) => {
    expect(compile(CheckDto)!(value)).toBe(false);
  });
});
