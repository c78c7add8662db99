import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BillingChecker, InvoicesRepository } from '@app/billing';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';
import { Finalizer } from '../../libs/billing/src/finalizer.service.js';
import { startService } from '../support/app.js';
import { idsOf, periodDraft } from '../support/billing-rows.js';
import { uniqueName } from '../support/fixtures.js';
import { expectLog } from '../support/log.js';

describe('numbers that were verified', () => {
  let service: Awaited<ReturnType<typeof startService>>;
  const product = uniqueName('numbered');
  const customer = uniqueName('numbered');

  beforeAll(async () => {
    service = await startService();
    const plan = {
      key: 'free',
      name: 'Free',
      prices: [{ interval: 'month', amount: 0, currency: 'USD' }],
      entitlements: [],
    };
    const body = {
      product: { key: product, name: product },
      billing: {},
      features: [],
      plans: [plan],
      assignment: [{ plan: 'free' }],
    };
    expect((await service.admin('POST', '/v1/catalog/apply', { body })).status).toBe(200);
    await service.admin('PUT', `/v1/customers/${customer}`, { body: { product } });
  });
  afterAll(() => service.stop());

  const finalize = async (count: number): Promise<void> => {
    const { app } = service;
    const owner = await idsOf(service, customer, product);
    const now = app.get(Clock, { strict: false }).now();
    const drafts = Array.from({ length: count }, () => periodDraft(owner, now));
    const invoices = app.get(InvoicesRepository, { strict: false });
    await app.get(Database, { strict: false }).transaction(() => invoices.insertMany(drafts));
    await app.get(Finalizer, { strict: false }).runDue();
  };
  const gaps = async (): Promise<string[]> => {
    const { mismatches } = await service.app.get(BillingChecker, { strict: false }).checkAll();
    return mismatches.flatMap(({ invariant, detail }) => (invariant === 'gapless_numbers' ? [detail] : []));
  };
  const remove = (serial: number) =>
    service.database.query(
      `alter table invoices disable trigger invoices_frozen;
       delete from invoices i using products p where p.id = i.product_id and p.key = '${product}' and i.serial = ${serial};
       alter table invoices enable trigger invoices_frozen`,
    );

  it('are not counted again; later ones are, and all while the trigger is off', async () => {
    await finalize(5);
    expect(await gaps()).toEqual([]);
    await finalize(3);
    await remove(7);
    expectLog(/gapless_numbers/);
    expect(await gaps()).toEqual(['invoice: 2 numbers after 5 up to 8, last given 8']);
    await service.database.query('alter table invoices disable trigger invoices_frozen');
    expectLog(/frozen_invoices/);
    expectLog(/gapless_numbers/);
    expect(await gaps()).toEqual(['invoice: 7 numbers after 0 up to 8, last given 8']);
    await service.database.query('alter table invoices enable trigger invoices_frozen');
  });
});
