import { Injectable } from '@nestjs/common';
import { type Actor, Clock, DomainError, invalidField, type Page, type PageRequest, toPage } from '@app/kernel';
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
  passwordHash: string;
  role: Role;
  language?: Language;
}

/** What people may change about themselves. */
export type OwnChanges = Partial<Pick<User, 'name' | 'mailEnabled' | 'mutedMails' | 'language'>>;

/** A change of an account, as it is written down: what it leads to, and what is told of it. */
interface Change {
  type: EventType;
  changes: Partial<User>;
  before?: object;
  after?: object;
  reason?: string;
}

/** Login accounts. */
@Injectable()
export class UsersService {
  constructor(
    private readonly users: UsersRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError `user_not_found` */
  async getById(id: string): Promise<User> {
    return (await this.users.findById(id)) ?? notFound();
  }

  findById(id: string): Promise<User | null> {
    return this.users.findById(id);
  }

  findByEmail(email: string): Promise<User | null> {
    return this.users.findByCanonicalEmail(canonicalEmail(email));
  }

  /** Who logs in as this customer. */
  findByCustomer(customerId: string): Promise<User | null> {
    return this.users.findByCustomer(customerId);
  }

  /** Who logs in as one of these customers. */
  findByCustomers(customerIds: string[]): Promise<User[]> {
    return customerIds.length === 0 ? Promise.resolve([]) : this.users.findByCustomers(customerIds);
  }

  findByIds(ids: string[]): Promise<User[]> {
    return ids.length === 0 ? Promise.resolve([]) : this.users.findByIds(ids);
  }

  async hasAdmin(): Promise<boolean> {
    return (await this.database.transaction(() => this.users.lockActiveAdmins())).length > 0;
  }

  /** Serializes creation of the first admin over all instances. Needs a transaction. */
  lockFirstAdmin(): Promise<void> {
    return this.users.lockFirstAdmin();
  }

  /** Newest first; with an e-mail the one account that has it, in any spelling. */
  async list(page: PageRequest, email?: string): Promise<Page<User>> {
    return toPage(await this.users.list(page, email === undefined ? undefined : canonicalEmail(email)), page.limit);
  }

  /** One account per canonical address, held by the database. Needs a transaction. @throws DomainError `email_taken`, `invalid_fields` */
  async create(input: NewUser, actor: Actor): Promise<User> {
    const now = this.clock.now();
    const own = {
      emailVerifiedAt: null,
      productId: null,
      active: true,
      mailEnabled: true,
      mutedMails: [],
      language: input.language ?? ('en' as const),
      deletedAt: null,
    };
    const user: User = { ...input, ...addressed(input.email), ...own, createdAt: now, updatedAt: now };
    await takenUnlessFree(() => this.users.insert(user));
    await this.record('user.registered', user, actor, { after: { role: user.role } });
    return user;
  }

  /** @throws DomainError `user_not_found` */
  updateOwn(id: string, changes: OwnChanges, actor: Actor): Promise<User> {
    return this.database.transaction(async () => {
      const user = (await this.users.lock(id)) ?? notFound();
      const { name = user.name, ...preferences } = { ...preferencesOf(user), ...given(changes) };
      return this.write(
        user,
        { type: 'user.updated', changes: { name, ...preferences }, before: preferencesOf(user), after: preferences },
        actor,
      );
    });
  }

  /** Changes role, product or activity; there is always an active admin left. @throws DomainError `user_not_found`, `last_admin`, `invalid_fields` */
  updateRoleAndStatus(
    id: string,
    changes: Partial<RoleAndStatus>,
    actor: Actor,
  ): Promise<{ before: User; after: User }> {
    return this.database.transaction(async () => {
      const admins = await this.users.lockActiveAdmins();
      const before = (await this.users.lock(id)) ?? notFound();
      const standing = changeRoleAndStatus(before, changes);
      if (standing.role !== 'admin' || !standing.active) assertNotLastAdmin(admins, id);
      const { role, productId, active } = before;
      const after = await this.write(
        before,
        { type: 'user.standing_changed', changes: standing, before: { role, productId, active }, after: standing },
        actor,
      );
      return { before, after };
    });
  }

  /** @throws DomainError `user_not_found` */
  setPassword(
    id: string,
    passwordHash: string,
    { proves, reason }: { proves: boolean; reason: string },
    actor: Actor,
  ): Promise<User> {
    return this.database.transaction(async () => {
      const user = (await this.users.lock(id)) ?? notFound();
      const emailVerifiedAt = proves ? (user.emailVerifiedAt ?? this.clock.now()) : user.emailVerifiedAt;
      return this.write(
        user,
        { type: 'user.password_changed', changes: { passwordHash, emailVerifiedAt }, reason },
        actor,
      );
    });
  }

  /**
   * Takes an address that its owner has proved to read: the one that the account has, or the one that it is to have.
   * @throws DomainError `user_not_found`, `email_taken`
   */
  takeEmail(id: string, email: string, actor: Actor): Promise<{ before: User; after: User }> {
    return this.database.transaction(async () => {
      const before = (await this.users.lock(id)) ?? notFound();
      const address = addressed(email);
      const type = address.canonicalEmail === before.canonicalEmail ? 'user.email_verified' : 'user.email_changed';
      const after = await takenUnlessFree(() =>
        this.write(before, { type, changes: { ...address, emailVerifiedAt: this.clock.now() } }, actor),
      );
      return { before, after };
    });
  }

  /** Takes everything personal away; the id stays, so that what it did stays told. Needs a transaction. @throws DomainError `user_not_found`, `last_admin` */
  async erase(id: string, actor: Actor, reason: string | null): Promise<User> {
    const admins = await this.users.lockActiveAdmins();
    const user = (await this.users.lock(id)) ?? notFound();
    assertNotLastAdmin(admins, id);
    await this.users.erase(id, this.clock.now());
    await this.record('user.deleted', user, actor, { before: { role: user.role }, reason: reason ?? undefined });
    return user;
  }

  private async write(user: User, { type, changes, before, after, reason }: Change, actor: Actor): Promise<User> {
    const written = { ...changes, updatedAt: this.clock.now() };
    await this.users.update(user.id, written);
    await this.record(type, user, actor, { before, after, reason });
    return { ...user, ...written };
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

const given = <T extends object>(changes: T): T =>
  Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as T;

/** @throws DomainError `invalid_fields` */
function addressed(given: string): Pick<User, 'email' | 'canonicalEmail'> {
  if (!isEmail(given)) throw invalidField('email', 'must be an e-mail address');
  const email = given.trim();
  return { email, canonicalEmail: canonicalEmail(email) };
}

async function takenUnlessFree<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (isUniqueViolation(error, 'users_email_unique'))
      throw new DomainError('conflict', 'email_taken', 'There is an account with this e-mail.');
    throw error;
  }
}

function assertNotLastAdmin(admins: string[], id: string): void {
  if (admins.length === 1 && admins[0] === id)
    throw new DomainError('conflict', 'last_admin', 'This is the last active admin.');
}

function notFound(): never {
  throw new DomainError('not_found', 'user_not_found', 'There is no such user.');
}
