import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ok, startService, type TestApp } from '../support/app.js';
import { documentOfBuild } from '../support/contract.js';
import { applyMeteredProduct, registerUser, registerUserWithRole } from '../support/fixtures.js';

describe('GET /v1/users/me/permissions', () => {
  let service: TestApp;

  beforeAll(async () => {
    service = await startService();
    await applyMeteredProduct(service, 'permitted', 10);
  });
  afterAll(() => service?.stop());

  const permissionsAs = (call: TestApp['call']): Promise<any> => ok(call('GET', '/v1/users/me/permissions'));

  it('lists for an admin every operation that users may call, as the document names them', async () => {
    const { products, operations, ownOperations } = await permissionsAs(service.admin);
    const described = Object.values(documentOfBuild().paths).flatMap((path: any) =>
      Object.values(path).map((operation: any) => operation.operationId),
    );
    expect([products, ownOperations]).toEqual([null, []]);
    expect(described).toEqual(expect.arrayContaining(operations));
    expect(operations).toEqual(expect.arrayContaining(['putCustomer', 'refundPayment', 'listUsers']));
  });

  it('separates what support may do for its own customer only, and what needs a reason', async () => {
    const support = await registerUserWithRole(service, { role: 'support' });
    const { operations, ownOperations, reasonRequired } = await permissionsAs(support.call);
    expect(operations).toContain('getCustomer');
    expect(operations).not.toContain('putCustomer');
    expect(ownOperations).toContain('cancelSubscription');
    expect(operations).toEqual(expect.arrayContaining(reasonRequired));
    for (const id of reasonRequired) expect(ownOperations).not.toContain(id);
  });

  it('names the product of a product admin', async () => {
    const { call } = await registerUserWithRole(service, { role: 'product_admin', product: 'permitted' });
    const { products, operations } = await permissionsAs(call);
    expect(products).toEqual(['permitted']);
    expect(operations).toContain('createPlan');
    expect(operations).not.toContain('deleteUser');
  });

  it('agrees with the service: what a user may not call is refused', async () => {
    const user = await registerUser(service);
    const { operations, ownOperations } = await permissionsAs(user.call);
    expect(ownOperations).toContain('getCustomer');
    expect([...operations, ...ownOperations]).not.toContain('listCustomers');
    expect((await user.call('GET', '/v1/customers')).body.code).toBe('admin_only');
  });
});
