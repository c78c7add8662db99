import { Injectable } from '@nestjs/common';
import { type Actor, Clock, DomainError, invalidField, type Page, type PageRequest, toPage } from '@app/kernel';
import { Database, Events, isUniqueViolation } from '@app/platform';
import { canonicalEmail, isEmail, type Role, type User } from './domain/user.js';
import { UsersRepository } from './users.repository.js';

export interface NewUser {
  id: string;
  customerId: string;
  email: string;
  name: string | null;
  passwordHash: string;
  role: Role;
}

/** What people may change about themselves. */
export type OwnChanges = Partial<Pick<User, 'name' | 'webhookUrl' | 'mailEnabled'>>;
/** What admins may change about people. */
export type Standing = Partial<Pick<User, 'role' | 'active'>>;

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

  findByEmail(email: string): Promise<User | null> {
    return this.users.findByCanonicalEmail(canonicalEmail(email));
  }

  /** True when somebody logs in as this customer. */
  existsForCustomer(customerId: string): Promise<boolean> {
    return this.users.existsForCustomer(customerId);
  }

  async hasAdmin(): Promise<boolean> {
    return (await this.database.transaction(() => this.users.lockActiveAdmins())).length > 0;
  }

  async list(page: PageRequest): Promise<Page<User>> {
    return toPage(await this.users.list(page), page.limit);
  }

  /** One account per canonical address, held by the database. Needs a transaction. @throws DomainError `email_taken`, `invalid_fields` */
  async create(input: NewUser, actor: Actor): Promise<User> {
    if (!isEmail(input.email)) throw invalidField('email', 'must be an e-mail address');
    const now = this.clock.now();
    const email = input.email.trim();
    const user: User = { ...input, email, canonicalEmail: canonicalEmail(email), active: true, webhookUrl: null, mailEnabled: true, createdAt: now, updatedAt: now };
    try {
      await this.users.insert(user);
    } catch (error) {
      if (isUniqueViolation(error, 'users_email_unique')) throw new DomainError('conflict', 'email_taken', 'There is an account with this e-mail.');
      throw error;
    }
    await this.record('user.registered', user, actor, null, { role: user.role });
    return user;
  }

  /** @throws DomainError `user_not_found` */
  updateOwn(id: string, changes: OwnChanges, actor: Actor): Promise<User> {
    return this.database.transaction(async () => {
      const user = (await this.users.lock(id)) ?? notFound();
      const updated = { ...user, ...changes, updatedAt: this.clock.now() };
      await this.users.update(id, { name: updated.name, webhookUrl: updated.webhookUrl, mailEnabled: updated.mailEnabled, updatedAt: updated.updatedAt });
      await this.record('user.updated', user, actor, { mailEnabled: user.mailEnabled }, { mailEnabled: updated.mailEnabled });
      return updated;
    });
  }

  /** Changes role or activity; there is always an active admin left. @throws DomainError `user_not_found`, `last_admin` */
  updateStanding(id: string, changes: Standing, actor: Actor): Promise<User> {
    return this.database.transaction(async () => {
      const admins = await this.users.lockActiveAdmins();
      const user = (await this.users.lock(id)) ?? notFound();
      const updated = { ...user, ...changes, updatedAt: this.clock.now() };
      const staysAdmin = updated.role === 'admin' && updated.active;
      if (!staysAdmin && admins.length === 1 && admins[0] === id) throw new DomainError('conflict', 'last_admin', 'This is the last active admin.');
      await this.users.update(id, { role: updated.role, active: updated.active, updatedAt: updated.updatedAt });
      await this.record('user.standing_changed', user, actor, { role: user.role, active: user.active }, { role: updated.role, active: updated.active });
      return updated;
    });
  }

  private record(type: string, user: User, actor: Actor, before: object | null, after: object): Promise<void> {
    return this.events.record({ type, subject: { type: 'user', id: user.id }, customerId: user.customerId, actor, before, after });
  }
}

function notFound(): never {
  throw new DomainError('not_found', 'user_not_found', 'There is no such user.');
}
