import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import type { ApiResponse, TestApp } from './app.js';
import { uniqueName } from './fixtures.js';
import { allowLog } from './log.js';

// Its in-memory store and its keys are right for tests.
allowLog(/oidc-provider WARNING/);

/** PUBLIC_URL of the services; the tests send its requests to the address that the service listens on. */
export const PUBLIC_URL = 'https://tollgate.example.com';
const CLIENT = { OIDC_CLIENT_ID: 'tollgate', OIDC_CLIENT_SECRET: 'a-client-s3cret-of-the-tests' };

/** The sign-in page after a failed login, before the code. */
export const SIGN_IN = '/admin/sign-in?error=';
const ROLE_MAP = {
  admins: 'admin',
  helpdesk: 'support',
  money: { role: 'finance' },
  'api-team': { role: 'product_admin', product: 'api' },
  'lost-team': { role: 'product_admin', product: 'no-such-product' },
};

/** A user at the provider. */
export interface ProviderUser {
  email?: string;
  email_verified?: boolean;
  name?: string;
  groups?: string[];
}

/** A real OpenID Connect provider. It signs in `current` without a page. */
export class IdentityProvider {
  readonly users = new Map<string, ProviderUser>();
  /** Subject of the user who sits at the browser. Null: the user cancels. */
  current: string | null = null;
  issuer: string;
  private server: Server;

  private publicUrl: string;

  /**
   * @param options.host its name in the issuer: `localhost` is another site than 127.0.0.1
   * @param options.publicUrl PUBLIC_URL of the service
   */
  async start({ host = '127.0.0.1', publicUrl = PUBLIC_URL } = {}): Promise<void> {
    this.publicUrl = publicUrl;
    this.server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => this.server.once('listening', resolve));
    this.issuer = `http://${host}:${(this.server.address() as AddressInfo).port}`;
    const provider = this.provider();
    const answer = provider.callback();
    this.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (request.url!.startsWith('/sign-in/')) void this.signIn(provider, request, response);
      else void answer(request, response);
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Signs in a user at the browser; without a subject, a new one. @returns the subject */
  switchTo(user: ProviderUser, subject = `subject-${this.users.size}`): string {
    this.users.set(subject, user);
    this.current = subject;
    return subject;
  }

  private provider(): Provider {
    return new Provider(this.issuer, {
      clients: [
        {
          client_id: CLIENT.OIDC_CLIENT_ID,
          client_secret: CLIENT.OIDC_CLIENT_SECRET,
          redirect_uris: [`${this.publicUrl}/v1/auth/oidc/callback`],
        },
      ],
      claims: { openid: ['sub', 'groups'], email: ['email', 'email_verified'], profile: ['name'] },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_, { uid }) => `/sign-in/${uid}` },
      pkce: { required: () => true },
      cookies: { keys: ['key of the tests'] },
      ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 60, Interaction: 60, Session: 60, Grant: 60 },
      findAccount: (_, accountId) => ({
        accountId,
        claims: () => ({ sub: accountId, ...this.users.get(accountId) }),
      }),
      loadExistingGrant: async ({ oidc }) => {
        const grant = new oidc.provider.Grant({
          clientId: oidc.client!.clientId,
          accountId: oidc.session!.accountId!,
        });
        grant.addOIDCScope('openid email profile');
        await grant.save();
        return grant;
      },
    });
  }

  private signIn(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
    return provider.interactionFinished(
      request,
      response,
      this.current === null ? { error: 'access_denied' } : { login: { accountId: this.current } },
    );
  }
}

/** Settings of a service that signs in at a provider. */
export const settingsOf = (
  { issuer }: IdentityProvider,
  changes: Record<string, string> = {},
): Record<string, string> => ({
  ...CLIENT,
  OIDC_NAME: 'Example Login',
  OIDC_ISSUER: issuer,
  OIDC_ROLE_MAP: JSON.stringify(ROLE_MAP),
  PUBLIC_URL,
  ...changes,
});

export const newEmail = (): string => `${uniqueName('staff')}@example.com`;

/** A new user at the provider, who is staff. */
export const staff = (groups: string[] = ['helpdesk']) => ({
  email: newEmail(),
  email_verified: true,
  name: 'Sam Staff',
  groups,
});

/** A browser: follows redirects, and keeps cookies by path. */
export class Browser {
  private readonly jar = new Map<string, { value: string; path: string }>();

  constructor(private readonly service: Pick<TestApp, 'url'>) {}

  /** Opens a page, without following redirects. */
  async open(url: string): Promise<Response> {
    const { origin, pathname, search } = new URL(url, PUBLIC_URL);
    const response = await fetch((origin === PUBLIC_URL ? this.service.url : origin) + pathname + search, {
      redirect: 'manual',
      headers: { cookie: this.cookies(origin, pathname), accept: 'text/html' },
    });
    for (const line of response.headers.getSetCookie()) this.store(origin, line);
    return response;
  }

  /** Begins a login. @returns the address of the callback, which is not opened yet */
  async reachCallback(returnTo = '/admin/customers', changed: (url: URL) => void = () => undefined): Promise<string> {
    const begun = await this.open(`/v1/auth/oidc/login?returnTo=${encodeURIComponent(returnTo)}`);
    const first = new URL(begun.headers.get('location')!);
    changed(first);
    let next = first.href;
    while (!next.startsWith(PUBLIC_URL)) next = new URL((await this.open(next)).headers.get('location')!, next).href;
    return next;
  }

  /** A whole login. @returns the page at its end */
  async signIn(returnTo?: string): Promise<string> {
    return (await this.open(await this.reachCallback(returnTo))).headers.get('location')!;
  }

  /** The request of the page for its access token. */
  refresh(call: TestApp['call']): Promise<ApiResponse> {
    const headers = {
      origin: PUBLIC_URL,
      'x-tollgate-browser': '1',
      cookie: this.cookies(PUBLIC_URL, '/v1/auth/browser/refresh'),
    };
    return call('POST', '/v1/auth/browser/refresh', { headers });
  }

  /** The Cookie header for an address. */
  cookies(origin: string, path: string): string {
    return [...this.jar]
      .filter(([key, cookie]) => key.startsWith(`${origin} `) && path.startsWith(cookie.path))
      .map(([key, { value }]) => `${key.slice(origin.length + 1)}=${value}`)
      .join('; ');
  }

  private store(origin: string, line: string): void {
    const [pair, ...attributes] = line.split(/; */);
    const name = pair!.slice(0, pair!.indexOf('='));
    const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? '/';
    const isDeleted = attributes.some((one) => /^max-age=0$/i.test(one) || /^expires=Thu, 01 Jan 1970/i.test(one));
    if (isDeleted) this.jar.delete(`${origin} ${name}`);
    else this.jar.set(`${origin} ${name}`, { value: pair!.slice(name.length + 1), path });
  }
}
