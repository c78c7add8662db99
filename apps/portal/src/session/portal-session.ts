import type { components } from '@tollgate/schema';
import { type Api, ApiError, bodyOf, createApi, type TokenSource } from '@tollgate/web';

type Opened = components['schemas']['OpenedPortalSessionDto'];

/** `refused`: the link is used, expired or revoked. `ended`: the session was open before. */
export type PortalSessionState = 'opening' | 'open' | 'refused' | 'ended' | 'unreachable';

/** Session of a link. Its access token is in memory only and cannot be renewed. */
export class PortalSession implements TokenSource {
  token: string | null = null;
  state: PortalSessionState = 'opening';
  opened: Opened | null = null;
  readonly api: Api = createApi(this);
  private readonly listeners = new Set<() => void>();
  /** A repeated exchange after a lost answer gets the same session. */
  private readonly attempt = crypto.randomUUID();

  constructor(private readonly link: string) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): PortalSessionState => this.state;

  /** Exchanges the link for the access token. */
  async open(): Promise<void> {
    this.change('opening');
    const params = { header: { 'Idempotency-Key': this.attempt } };
    try {
      this.opened = await bodyOf(this.api.POST('/v1/portal-sessions/exchange', { params, body: { token: this.link } }));
    } catch (error) {
      this.change(error instanceof ApiError && error.isUnavailable ? 'unreachable' : 'refused');
      return;
    }
    this.token = this.opened.accessToken;
    setTimeout(() => this.end(), this.opened.expiresIn * 1_000);
    this.change('open');
  }

  /** A refused token ends the session. */
  renew(): Promise<boolean> {
    this.end();
    return Promise.resolve(false);
  }

  /** Ends the session here and on the server. */
  async close(): Promise<void> {
    const id = this.opened!.id;
    await bodyOf(this.api.DELETE('/v1/portal-sessions/{id}', { params: { path: { id } } }));
    this.end();
  }

  private end(): void {
    this.token = null;
    this.change('ended');
  }

  private change(state: PortalSessionState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}
