import type { BatchResult, Decision } from './requests.js';
import type { ApiResponse } from './retry.js';

/** Most calls in one request. */
const MAX_BATCH = 1_000;
/** Longest wait of a call for the request under way, in milliseconds: one that hangs does not hold up the others. */
const MAX_WAIT_MS = 25;
/** Statuses of a batch that say nothing about a single call: invalid for one of them, too large, or no such route. */
const CALLS_TO_SEPARATE = new Set([400, 404, 413, 422]);

/** The two routes of one kind of call. */
export interface CallRoutes<Body> {
  one(body: Body, signal: AbortSignal): Promise<ApiResponse<Decision>>;
  many(bodies: Body[], signal: AbortSignal): Promise<ApiResponse<{ results: BatchResult[] }>>;
}

interface Call<Body> {
  body: Body;
  signal: AbortSignal;
  resolve: (response: ApiResponse<Decision>) => void;
  reject: (reason: unknown) => void;
}

/**
 * Batches calls of one kind. A call is sent alone immediately, unless a request is under way: then it is queued, and
 * the queue is sent as one batch when that request returns. There is no delay: a lone call is as quick as without it.
 *
 * Each call is one attempt: retries, deadline and idempotency key belong to the caller, and its response is that of the
 * single route.
 */
export class CallBatcher<Body> {
  private queue: Call<Body>[] = [];
  private isBusy = false;

  constructor(private readonly routes: CallRoutes<Body>) {}

  /** Sends a call, alone or with others. @throws the reason of the signal when it aborts, or the error of `fetch` */
  send(body: Body, signal: AbortSignal): Promise<ApiResponse<Decision>> {
    if (!this.isBusy) return this.underWay(this.routes.one(body, signal));
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      this.queue.push({ body, signal, resolve, reject });
    });
  }

  /** Keeps later calls in the queue until the request returns, or for `MAX_WAIT_MS`. */
  private async underWay<T>(request: Promise<T>): Promise<T> {
    this.isBusy = true;
    let isOver = false;
    const end = (): void => {
      if (!isOver) this.sendQueue();
      isOver = true;
    };
    const timer = setTimeout(end, MAX_WAIT_MS);
    try {
      return await request;
    } finally {
      clearTimeout(timer);
      end();
    }
  }

  private sendQueue(): void {
    this.isBusy = false;
    const calls = this.queue.filter(({ signal }) => !signal.aborted);
    this.queue = calls.splice(MAX_BATCH);
    if (calls.length > 0) void this.underWay(this.sendTogether(calls));
  }

  private async sendTogether(calls: Call<Body>[]): Promise<void> {
    const [{ body, signal, resolve, reject }] = calls as [Call<Body>];
    if (calls.length === 1) return this.routes.one(body, signal).then(resolve, reject);
    try {
      const bodies = calls.map((call) => call.body);
      const { data, error, response } = await this.routes.many(bodies, whenAllAbort(calls.map((call) => call.signal)));
      if (data) calls.forEach((call, index) => call.resolve(responseOf(data.results[index]!, response)));
      else if (CALLS_TO_SEPARATE.has(response.status)) await this.sendInHalves(calls);
      else calls.forEach((call) => call.resolve({ error, response }));
    } catch (error) {
      calls.forEach((call) => call.reject(error));
    }
  }

  /** One invalid call rejects a whole batch: halves isolate it with few requests, and it gets its own error. */
  private async sendInHalves(calls: Call<Body>[]): Promise<void> {
    const middle = Math.ceil(calls.length / 2);
    await Promise.all([this.sendTogether(calls.slice(0, middle)), this.sendTogether(calls.slice(middle))]);
  }
}

const OK = new Response();

/** The response of the single route with the same result. */
function responseOf(result: BatchResult, { headers }: Response): ApiResponse<Decision> {
  if ('allowed' in result) return { data: result as Decision, response: OK };
  const { retryAfterSeconds } = result;
  const own = new Headers(retryAfterSeconds === undefined ? {} : { 'retry-after': String(Number(retryAfterSeconds)) });
  if (headers.has('date')) own.set('date', headers.get('date')!);
  return { error: result, response: new Response(null, { status: result.status, headers: own }) };
}

/** A signal that aborts when the last of the calls has: the others still wait for the response. */
function whenAllAbort(signals: AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  let waiting = signals.length;
  for (const signal of signals)
    signal.addEventListener('abort', () => --waiting === 0 && controller.abort(signal.reason), { once: true });
  return controller.signal;
}
