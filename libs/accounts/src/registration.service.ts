import { randomBytes } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { AccountMailsService, Passwords, SessionsService, type TokenPair } from '@app/auth';
import { DEFAULT_PRODUCT, OPERATOR_PLAN, OWN_PRODUCT } from '@app/catalog';
import type { Customer } from '@app/customers';
import { type Actor, newId, type Origin, SYSTEM_ACTOR } from '@app/kernel';
import { Database } from '@app/platform';
import { EnrolmentService, type Subscription } from '@app/subscriptions';
import { type Language, type NewUser, type Role, type User, UsersService } from '@app/users';

/** A sign-up. */
export interface Registration {
  email: string;
  password: string;
  name?: string;
  region?: string | null;
  deviceType?: string | null;
  timezone?: string;
  language?: Language;
  /** Address and id of the request, for the audit log; left out when there is no request. */
  origin?: Origin;
}

/** A new account with its first session. */
export interface Registered extends TokenPair {
  user: User;
  customer: Customer;
  subscription: Subscription;
}

/** Sign-up of users, and creation of the first admin. */
@Injectable()
export class RegistrationService {
  private readonly logger = new Logger('RegistrationService');

  constructor(
    private readonly users: UsersService,
    private readonly enrolment: EnrolmentService,
    private readonly sessions: SessionsService,
    private readonly mails: AccountMailsService,
    private readonly passwords: Passwords,
    private readonly database: Database,
  ) {}

  /**
   * Creates user, customer, subscription and session in one transaction, and enqueues the verification mail. The
   * assignment rules choose the plan by region and device type.
   *
   * @throws DomainError `email_taken`, `no_plan_assigned`, `invalid_fields`, `overloaded`
   * @example
   * const { user, subscription, accessToken } = await registration.register({
   *   email: 'ann@example.com',
   *   password: 'correct horse battery',
   *   region: 'DE',
   * });
   */
  async register(input: Registration): Promise<Registered> {
    const passwordHash = await this.passwords.hashNew(input.password, input.email);
    return this.database.transaction(async () => {
      const account = await this.createAccount({ ...input, passwordHash, role: 'user', plans: {} });
      await this.mails.enqueue('verify_email', account.user.email, account.user.id);
      return { ...account, ...(await this.sessions.open(account.user.id)) };
    });
  }

  /**
   * Creates the first admin when there is no active admin, or promotes the account with this e-mail. Safe on any number
   * of concurrent instances. A weak password is an error in production and a warning elsewhere.
   *
   * @param password null: a random password is generated, except in production
   * @returns the generated password, if any; it is not stored and cannot be read again
   * @throws Error when production has no `ADMIN_PASSWORD`, or a weak one
   * @example const { created } = await registration.ensureAdmin('admin@example.com', null, { production: false });
   */
  async ensureAdmin(
    email: string,
    password: string | null,
    { production }: { production: boolean },
  ): Promise<{ created: boolean; generatedPassword: string | null }> {
    if (await this.users.hasAdmin()) return { created: false, generatedPassword: null };
    if (password === null && production)
      throw new Error('ADMIN_PASSWORD is required in production while there is no admin.');
    const generatedPassword = password === null ? randomBytes(15).toString('base64url') : null;
    const weakness = password && (await this.passwords.weaknessOf(password, email));
    if (weakness && production) throw new Error(`ADMIN_PASSWORD ${weakness}.`);
    if (weakness) this.logger.warn(`ADMIN_PASSWORD ${weakness}: production would not start with it.`);
    const passwordHash = await this.passwords.hash(password ?? generatedPassword!);
    return this.database.transaction(async () => {
      await this.users.lockFirstAdmin();
      if (await this.users.hasAdmin()) return { created: false, generatedPassword: null };
      const existing = await this.users.findByEmail(email);
      if (existing) await this.promote(existing, passwordHash);
      else
        await this.createAccount({
          email,
          name: 'Admin',
          passwordHash,
          role: 'admin',
          plans: { [OWN_PRODUCT]: OPERATOR_PLAN },
        });
      return { created: true, generatedPassword };
    });
  }

  /**
   * Creates the account of a user whom the OpenID Connect provider signed in: without a password, with a verified
   * address, and with the role `user` until the caller changes it. Needs a transaction. Staff is subscribed to
   * Tollgate's own product only.
   *
   * @param role role that the user will get
   * @throws DomainError `email_taken`, `no_plan_assigned`
   * @example const user = await registration.createSignedOn({ email, name: null }, 'support', origin);
   */
  async createSignedOn({ email, name }: Pick<User, 'email' | 'name'>, role: Role, origin: Origin): Promise<User> {
    const { user } = await this.createAccount({
      ...{ email, name: name ?? undefined, origin, passwordHash: null, emailVerified: true, role: 'user' },
      ...(role === 'user' ? {} : { products: [OWN_PRODUCT] }),
      plans: role === 'admin' ? { [OWN_PRODUCT]: OPERATOR_PLAN } : {},
    });
    return user;
  }

  /** Revokes all sessions of the former owner: the account now belongs to the operator. */
  private async promote({ id }: User, passwordHash: string): Promise<void> {
    await this.users.setPassword(id, passwordHash, { proves: false, reason: 'first admin' }, SYSTEM_ACTOR);
    await this.users.updateRoleAndStatus(id, { role: 'admin', active: true }, SYSTEM_ACTOR);
    await this.sessions.revokeAll(id, 'role_changed');
  }

  private async createAccount(
    input: Omit<Registration, 'password'> &
      Pick<NewUser, 'passwordHash' | 'role' | 'emailVerified'> & {
        plans: Record<string, string>;
        products?: string[];
      },
  ) {
    const { email, name, region, deviceType, timezone, language, origin, passwordHash, role, emailVerified } = input;
    const id = newId();
    const actor: Actor = role === 'admin' ? SYSTEM_ACTOR : { kind: 'user', id, origin };
    const profile = { name: name ?? null, email, region, deviceType, timezone };
    const { products = [DEFAULT_PRODUCT, OWN_PRODUCT] } = input;
    const { customer, subscriptions } = await this.enrolment.enrol({
      key: id,
      profile,
      products,
      plans: input.plans,
      actor,
    });
    const user = await this.users.create(
      {
        id,
        customerId: customer.id,
        email,
        name: name ?? null,
        passwordHash,
        role,
        language,
        emailVerified,
      },
      actor,
    );
    return { user, customer, subscription: subscriptions[0]! };
  }
}
