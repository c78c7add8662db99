import type { components, paths } from '@tollgate/client';
import createClient, { type Client } from 'openapi-fetch';

export type Decision = components['schemas']['DecisionDto'];
export type Plan = components['schemas']['PlanDto'];
export type Price = components['schemas']['PriceDto'];
export type Subscription = components['schemas']['SubscriptionDto'];
export type ChangePreview = components['schemas']['ChangePreviewDto'];
export type Interval = Price['interval'];

/** Price and duration of a plan that the customer chose. */
export interface PlanChoice {
  plan: string;
  interval: Interval;
  intervalCount: number;
}

/** An error answer of the service; `code` is stable, `message` is for people. */
export class TollgateRequestError extends Error {
  constructor(
    /** HTTP status; 0 without an answer. */
    readonly status: number,
    /** Stable code of the problem, for example `no_subscription`. */
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'TollgateRequestError';
  }
}

/** Returns an access token of a portal session, which the host's backend creates and exchanges. */
export type FetchToken = () => Promise<string>;

const DEADLINE_MS = 15_000;
const UNAUTHORIZED = 401;

/** Calls of one portal session. The token is in memory only; a refused one is fetched again once. */
export class PortalRequests {
  private readonly client: Client<paths>;
  private token: Promise<string> | null = null;

  constructor(
    url: string,
    private readonly fetchToken: FetchToken,
  ) {
    this.client = createClient<paths>({ baseUrl: url, fetch: (request) => this.send(request) });
  }

  /** Decisions about all features of the customer. */
  async entitlements(): Promise<Decision[]> {
    const answer = await this.client.GET('/v1/customers/{customer}/entitlements', ME);
    return bodyOf(answer).data;
  }

  /** The live subscription; null without one. */
  async subscription(): Promise<Subscription | null> {
    const answer = await this.client.GET('/v1/customers/{customer}/subscription', ME);
    return answer.response.status === 404 ? null : bodyOf(answer);
  }

  /** Published plans that are offered to the customer. */
  async plans(query: { currency?: string; region?: string }): Promise<Plan[]> {
    const answer = await this.client.GET('/v1/plans', { params: { query: { ...query, limit: 100 } } });
    return bodyOf(answer).data;
  }

  async previewChange(id: string, change: PlanChoice & { when: 'now' | 'period_end' }): Promise<ChangePreview> {
    const answer = await this.client.POST('/v1/subscriptions/{id}/preview-change', {
      params: { path: { id } },
      body: change,
    });
    return bodyOf(answer);
  }

  /** @param key one for each decision of the customer: a repeated call with it changes nothing */
  async change(id: string, change: PlanChoice & { when: 'now' | 'period_end' }, key: string): Promise<void> {
    const params = { path: { id }, header: { 'Idempotency-Key': key } };
    bodyOf(await this.client.POST('/v1/subscriptions/{id}/change', { params, body: change }));
  }

  private async send(request: Request): Promise<Response> {
    const again = request.clone();
    const response = await this.sendWith(request, await this.currentToken());
    if (response.status !== UNAUTHORIZED) return response;
    this.token = null;
    return this.sendWith(again, await this.currentToken());
  }

  private sendWith(request: Request, token: string): Promise<Response> {
    request.headers.set('authorization', `Bearer ${token}`);
    return fetch(request, { signal: AbortSignal.timeout(DEADLINE_MS) });
  }

  /** Concurrent calls share one fetch of the token. */
  private currentToken(): Promise<string> {
    this.token ??= this.fetchToken().catch((error: unknown) => {
      this.token = null;
      throw error;
    });
    return this.token;
  }
}

const ME = { params: { path: { customer: 'me' } } };

function bodyOf<T>({ data, error, response }: { data?: T; error?: unknown; response: Response }): NonNullable<T> {
  if (response.ok) return data as NonNullable<T>;
  const problem = error as { code?: string; detail?: string } | undefined;
  throw new TollgateRequestError(
    response.status,
    problem?.code ?? 'unexpected_answer',
    problem?.detail ?? `HTTP ${response.status}`,
  );
}
