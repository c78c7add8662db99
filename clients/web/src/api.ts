import type { paths } from '@tollgate/schema';
import createClient, { type Client } from 'openapi-fetch';
import { ApiError, type Problem } from './api-error';

/** Source of the access token. */
export interface TokenSource {
  /** Token of the next request; null without a session. */
  readonly token: string | null;
  /** Replaces an expired token. @returns false when the session has ended */
  renew(): Promise<boolean>;
}

/** Typed access to every route: `api.GET('/v1/plans', { params: { query: { product: 'news' } } })`. */
export type Api = Client<paths>;

const DEADLINE_MS = 30_000;

/**
 * A client of the API that adds the token of `source`. A request refused with 401 is sent again with a new token once.
 * @param base origin of the service; empty: the page's own origin
 */
export function createApi(source: TokenSource, base = ''): Api {
  const send = async (request: Request): Promise<Response> => {
    if (source.token) request.headers.set('authorization', `Bearer ${source.token}`);
    return fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(DEADLINE_MS)]) });
  };
  return createClient<paths>({
    baseUrl: base,
    fetch: async (request) => {
      const again = request.clone();
      const response = await send(request);
      if (response.status !== 401 || source.token === null || !(await source.renew())) return response;
      return send(again);
    },
  });
}

/** Answer of openapi-fetch. */
interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/**
 * Body of a successful answer.
 * @throws ApiError
 * @example const plan = await bodyOf(api.GET('/v1/plans/{id}', { params: { path: { id } } }));
 */
export async function bodyOf<T>(pending: Promise<Answer<T>>): Promise<NonNullable<T>> {
  const { data, error, response } = await pending.catch((cause: unknown) => {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, null);
  });
  if (response.ok) return data as NonNullable<T>;
  throw new ApiError(
    response.status,
    isProblem(error) ? error : null,
    Number(response.headers.get('retry-after')) || 0,
  );
}

const isProblem = (error: unknown): error is Problem => typeof error === 'object' && error !== null && 'code' in error;
