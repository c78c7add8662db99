import type { components } from '@tollgate/schema';
import { type Api, bodyOf, createApi, type TokenSource } from './api';
import { ApiError } from './api-error';

type Tokens = components['schemas']['BrowserTokenDto'];

/** `starting` until the first answer about the refresh cookie. `unreachable`: the service did not answer. */
export type SessionState = 'starting' | 'signedOut' | 'signedIn' | 'unreachable';

const HEADERS = { 'x-tollgate-browser': '1' } as const;
/** Tabs of one browser share it: a logout in one ends the session in all. */
const CHANNEL = 'tollgate-session';

/**
 * Session of a person with an account. The access token is in memory only; the refresh token is in a cookie that no
 * script can read.
 */
export class BrowserSession implements TokenSource {
  token: string | null = null;
  state: SessionState = 'starting';
  readonly api: Api = createApi(this);
  private readonly listeners = new Set<() => void>();
  private readonly tabs = new BroadcastChannel(CHANNEL);
  private renewing: Promise<boolean> | null = null;

  constructor() {
    this.tabs.onmessage = () => this.end();
  }

  /** For `useSyncExternalStore`. @returns a function that ends the subscription */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** For `useSyncExternalStore`. */
  readonly current = (): SessionState => this.state;

  /** @throws ApiError `wrong_credentials`, `second_factor_required` with `challenge`, `too_many_attempts` */
  async signIn(email: string, password: string): Promise<void> {
    const params = { header: HEADERS };
    this.open(await bodyOf(this.api.POST('/v1/auth/browser-login', { params, body: { email, password } })));
  }

  /** @throws ApiError `invalid_challenge`, `wrong_code` */
  async signInWithCode(challenge: string, code: string): Promise<void> {
    const params = { header: HEADERS };
    const body = { challenge, code };
    this.open(await bodyOf(this.api.POST('/v1/auth/browser-login/second-factor', { params, body })));
  }

  async signOut(): Promise<void> {
    await bodyOf(this.api.POST('/v1/auth/browser/logout', { params: { header: HEADERS }, body: {} }));
    this.tabs.postMessage('signed out');
    this.end();
  }

  /** Gets a new access token. Concurrent calls share one request. */
  renew(): Promise<boolean> {
    this.renewing ??= this.refresh().finally(() => (this.renewing = null));
    return this.renewing;
  }

  private async refresh(): Promise<boolean> {
    // Without the old token: an expired one would be refused before the cookie is read.
    this.token = null;
    try {
      this.open(await bodyOf(this.api.POST('/v1/auth/browser/refresh', { params: { header: HEADERS }, body: {} })));
      return true;
    } catch (error) {
      const unavailable = error instanceof ApiError && error.isUnavailable;
      this.change(unavailable ? 'unreachable' : 'signedOut');
      return false;
    }
  }

  private open({ accessToken }: Tokens): void {
    this.token = accessToken;
    this.change('signedIn');
  }

  private end(): void {
    this.token = null;
    this.change('signedOut');
  }

  private change(state: SessionState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}
