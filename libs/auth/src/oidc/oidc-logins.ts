import { Injectable } from '@nestjs/common';
import { Clock, DomainError } from '@app/kernel';
import { Database, Keyring } from '@app/platform';
import type { OidcIdentity } from './oidc-claims.js';
import { safeReturnTo } from '../domain/return-to.js';
import { secretHash } from '../secret-hash.js';
import { type LoginSecrets, OidcProvider } from './oidc-provider.js';
import { OidcRepository } from './oidc.repository.js';

const SEALED_FOR = 'oidc-login';
/** Time that a user has to sign in at the provider. */
export const OIDC_LOGIN_SECONDS = 600;

/** A login that waits for the browser to return from the provider. The browser carries it, encrypted. */
interface PendingLogin extends LoginSecrets {
  returnTo: string;
  /** Unix time in milliseconds. */
  expiresAt: number;
}

/**
 * Logins at the provider: from the redirect to the callback. A login is bound to the browser that began it, and
 * returns once.
 */
@Injectable()
export class OidcLogins {
  constructor(
    private readonly provider: OidcProvider,
    private readonly repository: OidcRepository,
    private readonly keyring: Keyring,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Begins a login.
   *
   * @param returnTo page to return to: a path below /admin or /portal
   * @returns the URL at the provider, and the pending login for a cookie of the browser
   * @throws DomainError `single_sign_on_off`, `invalid_fields`, `provider_unavailable`
   * @example const { url, pending } = await logins.begin('/admin/customers');
   */
  async begin(returnTo: string): Promise<{ url: string; pending: string }> {
    const page = safeReturnTo(returnTo);
    const { url, secrets } = await this.provider.begin();
    const login: PendingLogin = {
      ...secrets,
      returnTo: page,
      expiresAt: this.clock.now().getTime() + OIDC_LOGIN_SECONDS * 1_000,
    };
    return { url, pending: this.keyring.seal(SEALED_FOR, JSON.stringify(login)).toString('base64url') };
  }

  /**
   * Completes a login with the query of the callback. Of concurrent callbacks with one state, one succeeds.
   *
   * @throws DomainError `login_expired`, `login_denied`, `provider_error`, `provider_unavailable`
   * @example const { identity, returnTo } = await logins.complete('?code=...&state=...', pending);
   */
  async complete(search: string, pending: string): Promise<{ identity: OidcIdentity; returnTo: string }> {
    const login = this.open(pending);
    if (!login || login.state !== new URLSearchParams(search).get('state') || !(await this.use(login)))
      throw new DomainError(
        'unauthenticated',
        'login_expired',
        'The login is unknown, expired, already used, or of another browser; start again.',
      );
    return { identity: await this.provider.exchange(search, login), returnTo: login.returnTo };
  }

  private async use({ state, expiresAt }: PendingLogin): Promise<boolean> {
    if (expiresAt <= this.clock.now().getTime()) return false;
    return this.database.transaction(() => this.repository.useState(secretHash(state), new Date(expiresAt)));
  }

  /** null when it was not sealed by this service. */
  private open(pending: string): PendingLogin | null {
    try {
      return JSON.parse(this.keyring.open(SEALED_FOR, Buffer.from(pending, 'base64url'))) as PendingLogin;
    } catch {
      return null;
    }
  }
}
