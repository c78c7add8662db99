import { Injectable } from '@nestjs/common';
import {
  actorOf,
  ApiKeysService,
  type AttemptSource,
  CredentialsService,
  SessionsService,
  type UserPrincipal,
} from '@app/auth';
import { CustomersService } from '@app/customers';
import type { Actor } from '@app/kernel';
import { Database } from '@app/platform';
import { LifecycleService } from '@app/subscriptions';
import { UsersService } from '@app/users';
import { PersonalDataEraser } from './personal-data-eraser.js';

/** Deletion of user accounts and erasure of their personal data. */
@Injectable()
export class AccountDeletionService {
  constructor(
    private readonly users: UsersService,
    private readonly customers: CustomersService,
    private readonly lifecycle: LifecycleService,
    private readonly credentials: CredentialsService,
    private readonly sessions: SessionsService,
    private readonly apiKeys: ApiKeysService,
    private readonly eraser: PersonalDataEraser,
    private readonly database: Database,
  ) {}

  /**
   * Deletes the caller's own account: see `delete`.
   *
   * @throws DomainError `wrong_credentials`, `too_many_attempts`, `last_admin`
   * @example await deletion.deleteOwn(principal, password, source);
   */
  async deleteOwn(principal: UserPrincipal, password: string, source: AttemptSource): Promise<void> {
    await this.credentials.proveAgain(principal, password, source);
    await this.delete(principal.userId, actorOf(principal));
  }

  /**
   * Deletes an account: ends its subscriptions, revokes its keys and sessions, and erases its personal data, in one
   * transaction. Usage and events stay, under ids.
   *
   * @param reason kept in the audit log
   * @throws DomainError `user_not_found`, `last_admin`
   * @example await deletion.delete(userId, actor, 'Requested by mail.');
   */
  async delete(userId: string, actor: Actor, reason: string | null = null): Promise<void> {
    await this.database.transaction(async () => {
      const { customerId } = await this.users.getById(userId);
      const customer = await this.customers.lock(customerId);
      const user = await this.users.erase(userId, actor, reason);
      await this.lifecycle.endAll(customerId, actor);
      await this.customers.erase(customer, actor);
      await this.sessions.revokeAll(userId, 'deleted');
      await this.apiKeys.revokeAllOf(userId, actor);
      await this.eraser.erase(user, actor);
    });
    this.apiKeys.evict();
  }
}
