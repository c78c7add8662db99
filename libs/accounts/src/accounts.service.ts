import { Injectable } from '@nestjs/common';
import { ApiKeysService, SessionsService } from '@app/auth';
import { CustomersService } from '@app/customers';
import type { Actor } from '@app/kernel';
import { Database } from '@app/platform';
import { LifecycleService } from '@app/subscriptions';
import { type RoleAndStatus, type User, UsersService } from '@app/users';
import { PersonalDataEraser } from './personal-data-eraser.js';

/** What becomes of accounts: who may do what, and who is let in no more. */
@Injectable()
export class AccountsService {
  constructor(
    private readonly users: UsersService,
    private readonly customers: CustomersService,
    private readonly lifecycle: LifecycleService,
    private readonly sessions: SessionsService,
    private readonly apiKeys: ApiKeysService,
    private readonly traces: PersonalDataEraser,
    private readonly database: Database,
  ) {}

  /** Changes what a user may do: whoever has another role, or is deactivated, is out at once. @throws DomainError `user_not_found`, `last_admin`, `invalid_fields` */
  async changeRoleAndStatus(userId: string, changes: Partial<RoleAndStatus>, actor: Actor): Promise<User> {
    const user = await this.database.transaction(async () => {
      const { before, after } = await this.users.updateRoleAndStatus(userId, changes, actor);
      const same = before.role === after.role && before.productId === after.productId;
      if (!same || !after.active) await this.sessions.revokeAll(userId, after.active ? 'role_changed' : 'deactivated');
      return after;
    });
    this.apiKeys.evict();
    return user;
  }

  /**
   * Deletes an account: its contracts end, its keys and sessions are dead, who it was is gone. What was used and what happened stays, under ids.
   * @throws DomainError `user_not_found`, `last_admin`
   */
  async remove(userId: string, actor: Actor, reason: string | null = null): Promise<void> {
    await this.database.transaction(async () => {
      const { customerId } = await this.users.getById(userId);
      const customer = await this.customers.lock(customerId);
      const user = await this.users.erase(userId, actor, reason);
      await this.lifecycle.endAll(customerId, actor);
      await this.customers.forget(customer, actor);
      await this.sessions.revokeAll(userId, 'deleted');
      await this.apiKeys.revokeAllOf(userId, actor);
      await this.traces.erase(user, actor);
    });
    this.apiKeys.evict();
  }
}
