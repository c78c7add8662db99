import { Injectable } from '@nestjs/common';
import {
  AuthenticationRecord,
  IdentitiesService,
  LoginService,
  type OidcIdentity,
  OidcLogins,
  SessionsService,
  type TokenPair,
} from '@app/auth';
import { DomainError, type Origin } from '@app/kernel';
import { Database } from '@app/platform';
import { type User, UsersService } from '@app/users';
import { SignedOnAccounts } from './signed-on-accounts.js';

/** Page that shows the code of a failed login. */
const SIGN_IN_PAGE = '/admin/sign-in';

const REFUSALS = {
  account_exists: 'Another account has the e-mail address.',
  email_not_verified: 'The identity provider has not verified the e-mail address.',
  inactive_account: 'The account is deactivated.',
  role_not_assigned: 'The identity provider assigns no role.',
  last_admin: 'The last active admin would lose the role; make another user an admin first.',
};
type Refusal = keyof typeof REFUSALS;

/** Outcome of a login, in the transaction that stores it: a refusal may take a role away. */
type Verdict = { tokens: TokenPair } | { refusal: Refusal; user: User | null };

/** End of a login at the provider: the page that the browser opens, and the tokens of its session. */
export interface SignOnResult {
  location: string;
  tokens: TokenPair | null;
}

/** Login by single sign-on: the account of an identity is created just in time, and its role follows the claim. */
@Injectable()
export class SingleSignOnService {
  constructor(
    private readonly pending: OidcLogins,
    private readonly identities: IdentitiesService,
    private readonly accounts: SignedOnAccounts,
    private readonly users: UsersService,
    private readonly logins: LoginService,
    private readonly sessions: SessionsService,
    private readonly record: AuthenticationRecord,
    private readonly database: Database,
  ) {}

  /**
   * Completes a login with the query of the provider's callback. A failed one returns to the sign-in page with the code
   * of the error; nothing of the query is repeated there.
   *
   * @example const { location, tokens } = await singleSignOn.finish('?code=...&state=...', cookie, origin);
   */
  async finish(search: string, pending: string, origin: Origin): Promise<SignOnResult> {
    try {
      const { identity, returnTo } = await this.pending.complete(search, pending);
      return { location: returnTo, tokens: await this.signOn(identity, origin) };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { location: `${SIGN_IN_PAGE}?error=${error.code}`, tokens: null };
    }
  }

  private async signOn(identity: OidcIdentity, origin: Origin): Promise<TokenPair> {
    const verdict = await this.database.transaction(() => this.decide(identity, origin));
    if ('tokens' in verdict) return verdict.tokens;
    this.record.singleSignOnRefused(identity, verdict.user, verdict.refusal, origin);
    throw new DomainError('forbidden', verdict.refusal, REFUSALS[verdict.refusal]);
  }

  private async decide(identity: OidcIdentity, origin: Origin): Promise<Verdict> {
    const userId = await this.identities.claim(identity);
    return userId ? this.admit(await this.users.getById(userId), identity, origin) : this.admitFirst(identity, origin);
  }

  private async admitFirst(identity: OidcIdentity, origin: Origin): Promise<Verdict> {
    const { email, rights } = identity;
    if (!rights) return { refusal: 'role_not_assigned', user: null };
    if (!email) return { refusal: 'email_not_verified', user: null };
    const existing = await this.users.findByEmail(email);
    const user = existing
      ? await this.accounts.link(existing, { ...identity, email, rights }, origin)
      : await this.accounts.create({ ...identity, email, rights }, origin);
    return user ? this.open(user, origin) : { refusal: 'account_exists', user: existing };
  }

  private async admit(user: User, identity: OidcIdentity, origin: Origin): Promise<Verdict> {
    if (!user.active) return { refusal: 'inactive_account', user };
    if (identity.email) await this.accounts.followEmail(user, identity.email, origin);
    const isLastAdmin = !(await this.accounts.followRights(user, identity.rights, origin));
    if (!isLastAdmin && identity.rights) return this.open(user, origin);
    await this.sessions.revokeAll(user.id, 'role_changed');
    return { refusal: isLastAdmin ? 'last_admin' : 'role_not_assigned', user };
  }

  private async open(user: User, origin: Origin): Promise<Verdict> {
    return { tokens: await this.logins.openBySingleSignOn(user, origin) };
  }
}
