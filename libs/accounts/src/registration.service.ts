import { randomBytes } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { AccountMailsService, Passwords, SessionsService, type TokenPair } from '@app/auth';
import { DEFAULT_PRODUCT, OPERATOR_PLAN, OWN_PRODUCT } from '@app/catalog';
import type { Customer } from '@app/customers';
import { type Actor, newId, type Origin, SYSTEM_ACTOR } from '@app/kernel';
import { Database } from '@app/platform';
import { EnrolmentService, type Subscription } from '@app/subscriptions';
import { type Language, type Role, type User, UsersService } from '@app/users';

export interface Registration {
  email: string;
  password: string;
  name?: string;
  region?: string | null;
  deviceType?: string | null;
  timezone?: string;
  language?: Language;
  /** Where it was asked for; left out: nobody asked. */
  origin?: Origin;
}

export interface Registered extends TokenPair {
  user: User;
  customer: Customer;
  subscription: Subscription;
}

/** Sign-up: an account with its customer and first subscriptions, and the first admin. */
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
   * Makes user, customer and subscription in one transaction; the plan is chosen by region and device type.
   * @throws DomainError `email_taken`, `no_plan_assigned`, `invalid_fields`
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
   * Makes the first admin where there is none, of the account that has the e-mail if there is one. Safe for any number of instances at once. Outside production a weak password is only warned of.
   * @returns the password if one was drawn; it is told this once.
   */
  async ensureAdmin(
    email: string,
    password: string | null,
    { production }: { production: boolean },
  ): Promise<{ created: boolean; drawnPassword: string | null }> {
    if (await this.users.hasAdmin()) return { created: false, drawnPassword: null };
    if (password === null && production)
      throw new Error('There is no admin yet: ADMIN_PASSWORD is required in production.');
    const drawnPassword = password === null ? randomBytes(15).toString('base64url') : null;
    const weakness = password && this.passwords.weaknessOf(password, email);
    if (weakness && production) throw new Error(`ADMIN_PASSWORD ${weakness}.`);
    if (weakness) this.logger.warn(`ADMIN_PASSWORD ${weakness}: production would not take it.`);
    const passwordHash = await this.passwords.hash(password ?? drawnPassword!);
    return this.database.transaction(async () => {
      await this.users.lockFirstAdmin();
      if (await this.users.hasAdmin()) return { created: false, drawnPassword: null };
      const known = await this.users.findByEmail(email);
      if (known) await this.promote(known, passwordHash);
      else
        await this.createAccount({
          email,
          name: 'Admin',
          passwordHash,
          role: 'admin',
          plans: { [OWN_PRODUCT]: OPERATOR_PLAN },
        });
      return { created: true, drawnPassword };
    });
  }

  /** Whoever had the account so far is out: it is the operator's now. */
  private async promote({ id }: User, passwordHash: string): Promise<void> {
    await this.users.setPassword(id, passwordHash, { proves: false, reason: 'first admin' }, SYSTEM_ACTOR);
    await this.users.updateRoleAndStatus(id, { role: 'admin', active: true }, SYSTEM_ACTOR);
    await this.sessions.revokeAll(id, 'role_changed');
  }

  private async createAccount(
    input: Omit<Registration, 'password'> & { passwordHash: string; role: Role; plans: Record<string, string> },
  ) {
    const { email, name, region, deviceType, timezone, language, origin } = input;
    const id = newId();
    const actor: Actor = input.role === 'admin' ? SYSTEM_ACTOR : { kind: 'user', id, origin };
    const profile = { name: name ?? null, email, region, deviceType, timezone };
    const products = [DEFAULT_PRODUCT, OWN_PRODUCT];
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
        passwordHash: input.passwordHash,
        role: input.role,
        language,
      },
      actor,
    );
    return { user, customer, subscription: subscriptions[0]! };
  }
}
