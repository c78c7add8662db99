import { ADMIN, type Call } from '../support/app.js';
import { uniqueName } from '../support/fixtures.js';
import { type Document, DocumentRequests } from './document-requests.js';

/** One object of each kind that a path may name, and the requests of the OpenAPI document against them. */
export interface DocumentWorld {
  requests: DocumentRequests;
  /** Calls as the admin. */
  call: Call;
  /** The access token of the admin. */
  token: string;
}

const ABSENT_ID = '01890a5d-ac96-774b-bcce-b302099a8057';

/** Fills a started service with one object of each kind. The service needs {@link documentWorld.environment}. */
export async function documentWorld(anonymous: Call): Promise<DocumentWorld> {
  const document = (await anonymous('GET', '/openapi.json')).body as Document;
  const token = (await anonymous('POST', '/v1/auth/login', { body: ADMIN })).body.accessToken as string;
  const call: Call = (method, at, options = {}) => anonymous(method, at, { token, ...options });
  const created = async (method: string, at: string, body: object): Promise<any> => {
    const answer = await call(method, at, { body });
    if (answer.status >= 300) throw new Error(`${method} ${at}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const customer = uniqueName('document');
  const { subscription } = await created('PUT', `/v1/customers/${customer}`, { product: 'api', plan: 'quota' });
  const clock = await created('POST', '/v1/test-clocks', { now: '1970-01-01T00:00:00Z' });
  const endpoint = await created('POST', '/v1/webhook-endpoints', { url: 'http://127.0.0.1:4000/hook' });
  const ids: [RegExp, string][] = [
    [/\/v1\/subscriptions\//, subscription.id],
    [/\/v1\/test-clocks\//, clock.id],
    [/\/v1\/webhook-endpoints\//, endpoint.id],
  ];
  const keys: [RegExp, string][] = [
    [/\/v1\/customers\//, customer],
    [/\/v1\/plans\//, 'quota'],
    [/\/v1\/features\//, 'api_calls'],
    [/\/v1\/products\//, 'api'],
  ];
  const foundIn = (values: [RegExp, string][], route: string) => values.find(([path]) => path.test(route))?.[1];
  const inPath = (route: string, name: string): string | undefined =>
    // A deletion that succeeds would take an object from the requests after it.
    route.startsWith('DELETE ')
      ? ({ id: ABSENT_ID }[name] ?? 'absent')
      : {
          customer,
          feature: 'api_calls',
          provider: 'sandbox',
          key: foundIn(keys, route) ?? 'absent',
          id: foundIn(ids, route) ?? ABSENT_ID,
        }[name];
  const byName = { customer, product: 'api', feature: 'api_calls', plan: 'quota', reason: 'a reason' };
  return { requests: new DocumentRequests(document, { inPath, byName }), call, token };
}

documentWorld.environment = {
  ADMIN_PASSWORD: ADMIN.password,
  SAMPLE_DATA: 'on',
  WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1',
};
