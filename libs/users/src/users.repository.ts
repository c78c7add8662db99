import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import type { PageRequest } from '@app/kernel';
import { Database } from '@app/platform';
import type { User } from './domain/user.js';
import { UserEntity } from './user.entity.js';

@Injectable()
export class UsersRepository {
  constructor(private readonly database: Database) {}

  findById(id: string): Promise<User | null> {
    return this.database.manager.findOneBy(UserEntity, { id });
  }

  existsForCustomer(customerId: string): Promise<boolean> {
    return this.database.manager.existsBy(UserEntity, { customerId });
  }

  findByCanonicalEmail(canonicalEmail: string): Promise<User | null> {
    return this.database.manager.findOneBy(UserEntity, { canonicalEmail });
  }

  /** Reads a user and keeps others from changing it until the transaction ends. */
  lock(id: string): Promise<User | null> {
    return this.database.writer.findOne(UserEntity, { where: { id }, lock: { mode: 'for_no_key_update' } });
  }

  /** Holds every active admin, in one order, so that two admins cannot dismiss each other. @returns their ids */
  async lockActiveAdmins(): Promise<string[]> {
    const rows = await this.database.write<{ id: string }>(`select id from users where role = 'admin' and active order by id for no key update`);
    return rows.map(({ id }) => id);
  }

  list(page: PageRequest): Promise<User[]> {
    return this.database.manager.find(UserEntity, {
      where: page.after ? { id: LessThan(page.after) } : {},
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
}
