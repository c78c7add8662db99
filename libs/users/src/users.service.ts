import { Injectable } from '@nestjs/common';
import {
  type Actor,
  Clock,
  DomainError,
  invalidField,
  notFound,
  type Page,
  type PageRequest,
  toPage,
} from '@app/kernel';
import { Events, type EventType } from '@app/events';
import { Database, isUniqueViolation } from '@app/platform';
import {
  canonicalEmail,
  changeRoleAndStatus,
  isEmail,
  type Language,
  type Role,
  type RoleAndStatus,
  type User,
} from './domain/user.js';
import { UsersRepository } from './users.repository.js';

export interface NewUser {
  id: string;
  customerId: string;
  email: string;
  name: string | null;
  /** Null: the user signs in by single sign-on only. */
  passwordHash: string | null;
  role: Role;
  language?: Language;
  /** True: the address was verified by the OpenID Connect provider. */
  emailVerified?: boolean;
}

/** Changes that users make to their own account. */
export type OwnChanges = Partial<Pick<User, 'name' | 'mailEnabled' | 'mutedMails' | 'language'>>;

/** A change to store, and the event that reports it. */
interface Change {
  type: EventType;
  changes: Partial<User>;
  before?: object;
  after?: object;
  reason?: string;
}

/** User accounts. Registration and deletion, which span several libs: see accounts. */
@Injectable()
export class UsersService {
  constructor(
    private readonly users: UsersRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /**
   * @throws DomainError `user_not_found`
   * @example const { email } = await users.getById(userId);
   */
  async getById(id: string): Promise<User> {
    return (await this.users.findById(id)) ?? absent();
  }

  /** @example const user = await users.findById(id); // null when it does not exist or was deleted */
  findById(id: string): Promise<User | null> {
    return this.users.findById(id);
  }

  /**
   * Finds the account with this address, in any spelling.
   *
   * @example await users.findByEmail(' Ann@Example.com ')
   */
  findByEmail(email: string): Promise<User | null> {
    return this.users.findByCanonicalEmail(canonicalEmail(email));
  }

  /** The user who logs in as this customer. @example const user = await users.findByCustomer(customer.id); */
  findByCustomer(customerId: string): Promise<User | null> {
    return this.users.findByCustomer(customerId);
  }

  /** Users of these customers, in no particular order. @example await users.findByCustomers([customer.id]) */
  findByCustomers(customerIds: string[]): Promise<User[]> {
    return customerIds.length === 0 ? Promise.resolve([]) : this.users.findByCustomers(customerIds);
  }

  /** Users in no particular order; unknown and deleted ids are left out. @example await users.findByIds([userId]) */
  findByIds(ids: string[]): Promise<User[]> {
    return ids.length === 0 ? Promise.resolve([]) : this.users.findByIds(ids);
  }

  /** True when there is an active admin. @example if (!(await users.hasAdmin())) ... */
  async hasAdmin(): Promise<boolean> {
    return (await this.database.transaction(() => this.users.lockActiveAdmins())).length > 0;
  }

  /**
   * Serializes creation of the first admin over all instances. Needs a transaction.
   *
   * @example await users.lockFirstAdmin();
   */
  lockFirstAdmin(): Promise<void> {
    return this.users.lockFirstAdmin();
  }

  /**
   * Accounts, newest first.
   *
   * @param email only the account with this address, in any spelling
   * @example const { data } = await users.list({ limit: 20, after: null }, 'ann@example.com');
   */
  async list(page: PageRequest, email?: string): Promise<Page<User>> {
    return toPage(await this.users.list(page, email === undefined ? undefined : canonicalEmail(email)), page.limit);
  }

  /**
   * Inserts an account. Needs a transaction. A unique index allows one account per canonical address.
   *
   * @throws DomainError `email_taken`, `invalid_fields`
   * @example await users.create({ id, customerId, email, name: null, passwordHash, role: 'user' }, actor);
   */
  async create({ emailVerified, ...input }: NewUser, actor: Actor): Promise<User> {
    const now = this.clock.now();
    const defaults = {
      emailVerifiedAt: emailVerified ? now : null,
      productId: null,
      active: true,
      mailEnabled: true,
      mutedMails: [],
      language: input.language ?? ('en' as const),
      deletedAt: null,
    };
    const user: User = { ...input, ...addressFields(input.email), ...defaults, createdAt: now, updatedAt: now };
    await withEmailTaken(() => this.users.insert(user));
    await this.record('user.registered', user, actor, { after: { role: user.role } });
    return user;
  }

  /**
   * Changes name, mail preferences and language. A field that is left out stays.
   *
   * @throws DomainError `user_not_found`
   * @example await users.updateOwn(userId, { mutedMails: ['reminder'] }, actor);
   */
  updateOwn(id: string, changes: OwnChanges, actor: Actor): Promise<User> {
    return this.database.transaction(async () => {
      const user = (await this.users.lock(id)) ?? absent();
      const { name = user.name, ...preferences } = { ...preferencesOf(user), ...definedFields(changes) };
      return this.write(
        user,
        { type: 'user.updated', changes: { name, ...preferences }, before: preferencesOf(user), after: preferences },
        actor,
      );
    });
  }

  /**
   * Changes role, product or activity. There is always an active admin left.
   *
   * @throws DomainError `user_not_found`, `last_admin`, `invalid_fields`
   * @example const { after } = await users.updateRoleAndStatus(userId, { active: false }, actor);
   */
  updateRoleAndStatus(
    id: string,
    changes: Partial<RoleAndStatus>,
    actor: Actor,
    reason?: string,
  ): Promise<{ before: User; after: User }> {
    return this.database.transaction(async () => {
      const admins = await this.users.lockActiveAdmins();
      const before = (await this.users.lock(id)) ?? absent();
      const rights = changeRoleAndStatus(before, changes);
      if (rights.role !== 'admin' || !rights.active) assertNotLastAdmin(admins, id);
      const { role, productId, active } = before;
      const after = await this.write(
        before,
        { type: 'user.standing_changed', changes: rights, before: { role, productId, active }, after: rights, reason },
        actor,
      );
      return { before, after };
    });
  }

  /**
   * Stores a new password hash; null removes the password.
   *
   * @param options.proves true when the user proved to receive mail: the address counts as verified
   * @throws DomainError `user_not_found`
   * @example await users.setPassword(userId, hash, { proves: false, reason: 'changed' }, actor);
   */
  setPassword(
    id: string,
    passwordHash: string | null,
    { proves, reason }: { proves: boolean; reason: string },
    actor: Actor,
  ): Promise<User> {
    return this.database.transaction(async () => {
      const user = (await this.users.lock(id)) ?? absent();
      const emailVerifiedAt = proves ? (user.emailVerifiedAt ?? this.clock.now()) : user.emailVerifiedAt;
      return this.write(
        user,
        { type: 'user.password_changed', changes: { passwordHash, emailVerifiedAt }, reason },
        actor,
      );
    });
  }

  /**
   * Stores an address that the user proved to receive mail at: the present one (now verified) or a new one.
   *
   * @throws DomainError `user_not_found`, `email_taken`
   * @example const { before, after } = await users.takeEmail(userId, 'ann@example.com', actor);
   */
  takeEmail(id: string, email: string, actor: Actor): Promise<{ before: User; after: User }> {
    return this.database.transaction(async () => {
      const before = (await this.users.lock(id)) ?? absent();
      const address = addressFields(email);
      const type = address.canonicalEmail === before.canonicalEmail ? 'user.email_verified' : 'user.email_changed';
      const after = await withEmailTaken(() =>
        this.write(before, { type, changes: { ...address, emailVerifiedAt: this.clock.now() } }, actor),
      );
      return { before, after };
    });
  }

  /**
   * Erases all personal data of an account; the id stays, so that events still refer to it. Needs a transaction.
   *
   * @param reason kept in the audit log
   * @returns the account as it was
   * @throws DomainError `user_not_found`, `last_admin`
   * @example const user = await users.erase(userId, actor, null);
   */
  async erase(id: string, actor: Actor, reason: string | null): Promise<User> {
    const admins = await this.users.lockActiveAdmins();
    const user = (await this.users.lock(id)) ?? absent();
    assertNotLastAdmin(admins, id);
    await this.users.erase(id, this.clock.now());
    await this.record('user.deleted', user, actor, { before: { role: user.role }, reason: reason ?? undefined });
    return user;
  }

  private async write(user: User, { type, changes, before, after, reason }: Change, actor: Actor): Promise<User> {
    const stored = { ...changes, updatedAt: this.clock.now() };
    await this.users.update(user.id, stored);
    await this.record(type, user, actor, { before, after, reason });
    return { ...user, ...stored };
  }

  private record(
    type: EventType,
    user: User,
    actor: Actor,
    { before, after, reason }: { before?: object; after?: object; reason?: string },
  ): Promise<void> {
    return this.events.record({
      type,
      subject: { type: 'user', id: user.id },
      customerId: user.customerId,
      productId: null,
      actor,
      before,
      after,
      reason,
    });
  }
}

const preferencesOf = ({
  mailEnabled,
  mutedMails,
  language,
}: User): Pick<User, 'mailEnabled' | 'mutedMails' | 'language'> => ({ mailEnabled, mutedMails, language });

const definedFields = <T extends object>(changes: T): T =>
  Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as T;

/** @throws DomainError `invalid_fields` */
function addressFields(input: string): Pick<User, 'email' | 'canonicalEmail'> {
  if (!isEmail(input)) throw invalidField('email', 'must be an e-mail address');
  const email = input.trim();
  return { email, canonicalEmail: canonicalEmail(email) };
}

/** @throws DomainError `email_taken` when the write breaks the unique index */
async function withEmailTaken<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (isUniqueViolation(error, 'users_email_unique'))
      throw new DomainError('conflict', 'email_taken', 'Another account has this e-mail address.');
    throw error;
  }
}

function assertNotLastAdmin(admins: string[], id: string): void {
  if (admins.length === 1 && admins[0] === id)
    throw new DomainError('conflict', 'last_admin', 'This is the last active admin; make another user an admin first.');
}

function absent(): never {
  throw notFound('user');
}
