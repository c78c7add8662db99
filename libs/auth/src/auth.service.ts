import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DEFAULT_PRODUCT, OPERATOR_PLAN, OWN_PRODUCT } from '@app/catalog';
import type { Customer } from '@app/customers';
import { type Actor, DomainError, newId, SYSTEM_ACTOR } from '@app/kernel';
import { Database } from '@app/platform';
import { EnrolmentService, type Subscription } from '@app/subscriptions';
import { type Role, type User, UsersService } from '@app/users';
import { ApiKeysService } from './api-keys.service.js';
import { AuthRepository } from './auth.repository.js';
import { Passwords } from './passwords.js';
import { SessionsService, type TokenPair } from './sessions.service.js';

export interface Registration {
  email: string;
  password: string;
  name?: string;
  region?: string | null;
  deviceType?: string | null;
  timezone?: string;
}

export interface Registered extends TokenPair {
  user: User;
  customer: Customer;
  subscription: Subscription;
}

/** How people get in and out. */
@Injectable()
export class AuthService {
  constructor(
    private readonly users: UsersService,
    private readonly enrolment: EnrolmentService,
    private readonly sessions: SessionsService,
    private readonly apiKeys: ApiKeysService,
    private readonly passwords: Passwords,
    private readonly repository: AuthRepository,
    private readonly database: Database,
  ) {}

  /**
   * Makes user, customer and subscription in one transaction; the plan is chosen by region and device type.
   * @throws DomainError `email_taken`, `no_plan_assigned`, `invalid_fields`
   */
  async register(input: Registration): Promise<Registered> {
    const passwordHash = await this.passwords.hash(input.password);
    return this.database.transaction(async () => {
      const account = await this.createAccount({ ...input, passwordHash, role: 'user', plans: {} });
      return { ...account, ...(await this.sessions.open(account.user.id)) };
    });
  }

  /** The same answer, after the same time, for an unknown account, a wrong password and a deactivated account. @throws DomainError `wrong_credentials` */
  async login(email: string, password: string): Promise<TokenPair> {
    const user = await this.users.findByEmail(email);
    const matches = await this.passwords.verify(user?.passwordHash ?? null, password);
    if (!user || !matches || !user.active) throw new DomainError('unauthenticated', 'wrong_credentials', 'The e-mail or the password is wrong.');
    return this.sessions.open(user.id);
  }

  /** Ends the caller's session, the one of a refresh token if given, or all of them. */
  async logout(caller: { userId: string; sessionId: string }, { refreshToken, everywhere }: { refreshToken?: string; everywhere?: boolean }): Promise<void> {
    if (everywhere) return this.sessions.revokeAll(caller.userId, 'logout_everywhere');
    if (refreshToken) await this.sessions.revokeByRefreshToken(caller.userId, refreshToken);
    await this.sessions.revoke(caller.sessionId, 'logout');
  }

  /** Changes what a user may do; whoever is deactivated is out at once. @throws DomainError `user_not_found`, `last_admin` */
  async changeStanding(userId: string, standing: { role?: Role; active?: boolean }, actor: Actor): Promise<User> {
    const user = await this.users.updateStanding(userId, standing, actor);
    if (!user.active) await this.sessions.revokeAll(userId, 'deactivated');
    this.sessions.forget();
    this.apiKeys.forget();
    return user;
  }

  /**
   * Makes the first admin where there is none. Safe for any number of instances at once.
   * @returns the password if one was drawn; it is told this once.
   */
  async ensureAdmin(email: string, password: string | null, options: { mayDraw: boolean }): Promise<{ created: boolean; drawnPassword: string | null }> {
    if (await this.users.hasAdmin()) return { created: false, drawnPassword: null };
    if (password === null && !options.mayDraw) throw new Error('There is no admin yet: ADMIN_PASSWORD is required in production.');
    const drawnPassword = password === null ? randomBytes(15).toString('base64url') : null;
    const passwordHash = await this.passwords.hash(password ?? drawnPassword!);
    return this.database.transaction(async () => {
      await this.repository.lockFirstStart();
      if (await this.users.hasAdmin()) return { created: false, drawnPassword: null };
      await this.createAccount({ email, name: 'Admin', passwordHash, role: 'admin', plans: { [OWN_PRODUCT]: OPERATOR_PLAN } });
      return { created: true, drawnPassword };
    });
  }

  private async createAccount(input: Omit<Registration, 'password'> & { passwordHash: string; role: Role; plans: Record<string, string> }) {
    const { email, name, region, deviceType, timezone } = input;
    const id = newId();
    const actor: Actor = input.role === 'admin' ? SYSTEM_ACTOR : { kind: 'user', id };
    const profile = { name: name ?? null, email, region, deviceType, timezone };
    const products = [DEFAULT_PRODUCT, OWN_PRODUCT];
    const { customer, subscriptions } = await this.enrolment.enrol({ key: id, profile, products, plans: input.plans, actor });
    const user = await this.users.create({ id, customerId: customer.id, email, name: name ?? null, passwordHash: input.passwordHash, role: input.role }, actor);
    return { user, customer, subscription: subscriptions[0]! };
  }
}
