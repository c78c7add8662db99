import {
  type CheckRequest,
  type Decision,
  requireEntitlement,
  requireEntitlementHook,
  Tollgate,
  TollgateError,
  type TollgateOptions,
} from '@tollgate/client';

const options: TollgateOptions = { baseUrl: 'https://tollgate.internal', apiKey: 'tg_test', onUnavailable: 'deny' };
const tollgate = new Tollgate(options);
const customerOf = (request: { customer?: string }): string | null => request.customer ?? null;

export const middleware = requireEntitlement(tollgate, 'calls', { customerOf });
export const hook = requireEntitlementHook(tollgate, 'calls', { customerOf, mode: 'check' });

export async function use(request: CheckRequest): Promise<number | null | undefined> {
  const { data } = await tollgate.api.GET('/v1/customers/{customer}/entitlements', {
    params: { path: { customer: request.customer } },
  });
  const used: number | undefined = data?.data[0]?.used;
  // @ts-expect-error: fails to compile if the response has no type, because `any` is a string too.
  const text: string | undefined = data?.data[0]?.used;
  await tollgate.api.PUT('/v1/customers/{customer}', {
    params: { path: { customer: request.customer } },
    body: { product: 'api', timezone: 'Europe/Berlin' },
  });
  const decision: Decision = await tollgate.consume({ ...request, idempotencyKey: `${used} ${text}` });
  return decision.remaining;
}

export const codeOf = (error: unknown): string | null => (error instanceof TollgateError ? error.code : null);
