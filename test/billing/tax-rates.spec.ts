import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { inParallel, uniqueName } from '../support/fixtures.js';

describe('tax rates', () => {
  let service: TestApp & { database: TestDatabase };
  const create = (body: object) => service.admin('POST', '/v1/tax-rates', { body: { product: 'api', ...body } });

  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  it('are created, read, listed, changed and archived, each with its event', async () => {
    const key = uniqueName('vat');
    const content = {
      name: 'VAT',
      percentage: '19.00',
      country: 'DE',
      validFrom: '2026-01-01T00:00:00+01:00',
      appliesTo: { plans: ['quota'], features: ['api_calls'] },
    };
    expect(await create({ key, ...content })).toMatchObject({
      status: 201,
      body: {
        key,
        name: 'VAT',
        percentage: '19',
        inclusive: false,
        country: 'DE',
        region: null,
        validFrom: '2025-12-31T23:00:00.000Z',
        validUntil: null,
        appliesTo: { plans: ['quota'], addOns: [], features: ['api_calls'] },
      },
    });
    const at = `/v1/tax-rates/${key}`;
    const change = { product: 'api', percentage: '7.1250', appliesTo: null, inclusive: true };
    expect((await service.admin('PATCH', at, { body: change })).body).toMatchObject({
      percentage: '7.125',
      appliesTo: null,
      inclusive: true,
      country: 'DE',
    });
    expect((await service.admin('GET', `${at}?product=api`)).body).toMatchObject({ percentage: '7.125' });
    expect((await service.admin('GET', '/v1/tax-rates?product=api')).body.data[0].key).toBe(key);
    expect((await service.admin('DELETE', `${at}?product=api`)).status).toBe(204);
    expect(await service.admin('GET', `${at}?product=api`)).toMatchObject({
      status: 404,
      body: { code: 'tax_rate_not_found' },
    });
    const events = await service.database.query<{ type: string }>(
      `select type from events where subject_type = 'tax_rate' and after->>'key' = $1 order by id`,
      [key],
    );
    expect(events.map(({ type }) => type)).toEqual(['tax_rate.created', 'tax_rate.updated', 'tax_rate.archived']);
  });

  it.each([
    [{ percentage: '19.00001' }, 'percentage'],
    [{ percentage: '100.0001' }, 'percentage'],
    [{ percentage: '-1' }, 'percentage'],
    [{ percentage: '' }, 'percentage'],
    [{ percentage: 19 }, 'percentage'],
    [{ country: 'de' }, 'country'],
    [{ region: 'BC' }, 'country'],
    [{ validFrom: '2026-01-01T00:00:00Z', validUntil: '2026-01-01T00:00:00Z' }, 'validUntil'],
    [{ appliesTo: {} }, 'appliesTo'],
    [{ appliesTo: { features: ['nothing'] } }, 'appliesTo.features.0'],
    [{ appliesTo: { prices: ['x'] } }, 'appliesTo.prices'],
  ])('%j is refused, and nothing is stored', async (body, field) => {
    const key = uniqueName('refused');
    const refused = await create({ key, name: 'VAT', percentage: '19', ...body });
    expect([refused.status, refused.body.errors?.map((error: { field: string }) => error.field)]).toEqual([
      422,
      [field],
    ]);
    expect((await service.admin('GET', `/v1/tax-rates/${key}?product=api`)).status).toBe(404);
  });

  it('of no percent are possible: goods at a zero rate', async () => {
    expect((await create({ key: uniqueName('zero'), name: 'VAT', percentage: '0' })).body.percentage).toBe('0');
  });

  it('keep every change of simultaneous writers of different fields', async () => {
    const key = uniqueName('vat');
    await create({ key, name: 'VAT', percentage: '19' });
    const changes = [{ percentage: '20' }, { country: 'FR' }, { inclusive: true }, { name: 'TVA' }];
    await inParallel(4, 4, (index) =>
      service.admin('PATCH', `/v1/tax-rates/${key}`, { body: { product: 'api', ...changes[index] } }),
    );
    expect((await service.admin('GET', `/v1/tax-rates/${key}?product=api`)).body).toMatchObject(
      Object.assign({}, ...changes),
    );
  });
});
