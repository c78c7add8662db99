import { Injectable } from '@nestjs/common';
import { In, IsNull, LessThan } from 'typeorm';
import type { PageRequest } from '@app/kernel';
import { Database } from '@app/platform';
import type { User } from './domain/user.js';
import { UserEntity } from './user.entity.js';

const NOT_DELETED = { deletedAt: IsNull() };

/** SQL of the `users` table. Deleted accounts are never returned. */
@Injectable()
export class UsersRepository {
  constructor(private readonly database: Database) {}

  findById(id: string): Promise<User | null> {
    return this.database.manager.findOneBy(UserEntity, { id, ...NOT_DELETED });
  }

  findByCustomer(customerId: string): Promise<User | null> {
    return this.database.manager.findOneBy(UserEntity, { customerId, ...NOT_DELETED });
  }

  /** Users of these customers. */
  findByCustomers(customerIds: string[]): Promise<User[]> {
    return this.database.manager.findBy(UserEntity, { customerId: In(customerIds), ...NOT_DELETED });
  }

  findByIds(ids: string[]): Promise<User[]> {
    return this.database.manager.findBy(UserEntity, { id: In(ids), ...NOT_DELETED });
  }

  findByCanonicalEmail(canonicalEmail: string): Promise<User | null> {
    return this.database.manager.findOneBy(UserEntity, { canonicalEmail });
  }

  /** Reads and locks a user until the transaction ends. */
  lock(id: string): Promise<User | null> {
    return this.database.writer.findOne(UserEntity, {
      where: { id, ...NOT_DELETED },
      lock: { mode: 'for_no_key_update' },
    });
  }

  /** Locks every active admin, in id order, so that two admins cannot demote each other. @returns their ids */
  async lockActiveAdmins(): Promise<string[]> {
    const rows = await this.database.write<{ id: string }>(
      `select id from users where role = 'admin' and active order by id for no key update`,
    );
    return rows.map(({ id }) => id);
  }

  /**
   * Serializes creation of the first admin over all instances, until the transaction ends. Creation of signing keys
   * takes the same lock.
   */
  async lockFirstAdmin(): Promise<void> {
    await this.database.write('select pg_advisory_xact_lock(hashtext($1))', ['tollgate first start']);
  }

  list(page: PageRequest, canonicalEmail?: string): Promise<User[]> {
    return this.database.manager.find(UserEntity, {
      where: {
        ...NOT_DELETED,
        ...(page.after ? { id: LessThan(page.after) } : {}),
        ...(canonicalEmail === undefined ? {} : { canonicalEmail }),
      },
      order: { id: 'DESC' },
      take: page.limit + 1,
    });
  }

  async insert(user: User): Promise<void> {
    await this.database.writer.insert(UserEntity, user);
  }

  async update(id: string, changes: Partial<User>): Promise<void> {
    await this.database.writer.update(UserEntity, { id }, changes);
  }

  /** Erases all personal data; the id stays. */
  async erase(id: string, now: Date): Promise<void> {
    await this.database.write(
      `update users set email = null, canonical_email = null, email_verified_at = null, name = null, password_hash = null, mail_enabled = false,
         role = 'user', product_id = null, active = false, deleted_at = $2, updated_at = $2 where id = $1`,
      [id, now],
    );
  }
}
