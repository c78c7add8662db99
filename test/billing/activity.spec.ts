import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BillingActivity } from '@app/billing';
import { startService, TestClock, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';

describe('the jobs of billing', () => {
  const clock = new TestClock();
  let service: TestApp & { database: TestDatabase };

  beforeAll(async () => {
    service = await startService({ clock });
  });
  afterAll(() => service.stop());

  it('are idle until billing is used; an inbound event is a use, also without a billed product', async () => {
    const activity = service.app.get(BillingActivity, { strict: false });
    expect(await activity.isUsed()).toBe(false);
    await service.database.query(
      `insert into payment_events (provider, event_id, type, event, body, received_at) values ('stripe', 'evt', 'charge.succeeded', '{}', '{}', now())`,
    );
    expect(await activity.isUsed()).toBe(false);
    clock.advance(1_000);
    expect(await activity.isUsed()).toBe(true);
  });
});
