import { Injectable } from '@nestjs/common';
import {
  actorOf,
  ApiKeysService,
  type AttemptSource,
  CredentialsService,
  SessionsService,
  type UserPrincipal,
} from '@app/auth';
import { CatalogReader } from '@app/catalog';
import type { Actor } from '@app/kernel';
import { Database } from '@app/platform';
import { type Role, type RoleAndStatus, type User, UsersService } from '@app/users';

/** Changes that admins make to an account. A field that is left out stays. */
export interface RoleAndStatusChanges {
  role?: Role;
  /** Key of the product of a product admin. */
  product?: string;
  active?: boolean;
}

/** Role and status of user accounts. Deletion: see AccountDeletionService. */
@Injectable()
export class AccountsService {
  constructor(
    private readonly users: UsersService,
    private readonly catalog: CatalogReader,
    private readonly credentials: CredentialsService,
    private readonly sessions: SessionsService,
    private readonly apiKeys: ApiKeysService,
    private readonly database: Database,
  ) {}

  /**
   * Changes role, product or activity of an account. All its sessions are revoked when it gets another role or
   * product, or is deactivated.
   *
   * @throws DomainError `user_not_found`, `product_not_found`, `last_admin`, `invalid_fields`
   * @example await accounts.changeRoleAndStatus(userId, { role: 'product_admin', product: 'maps' }, actor);
   */
  async changeRoleAndStatus(
    userId: string,
    { product, role, active }: RoleAndStatusChanges,
    actor: Actor,
    reason?: string,
  ): Promise<User> {
    const productId = product === undefined ? undefined : (await this.catalog.getProduct(product)).id;
    return this.applyRoleAndStatus(userId, { role, active, productId }, actor, reason);
  }

  /**
   * Deactivates the caller's own account until an admin activates it again. Subscriptions continue.
   *
   * @throws DomainError `wrong_credentials`, `too_many_attempts`, `last_admin`
   * @example await accounts.deactivateOwn(principal, password, source);
   */
  async deactivateOwn(principal: UserPrincipal, password: string, source: AttemptSource): Promise<void> {
    await this.credentials.proveAgain(principal, password, source);
    await this.applyRoleAndStatus(principal.userId, { active: false }, actorOf(principal));
  }

  private async applyRoleAndStatus(
    userId: string,
    changes: Partial<RoleAndStatus>,
    actor: Actor,
    reason?: string,
  ): Promise<User> {
    const user = await this.database.transaction(async () => {
      const { before, after } = await this.users.updateRoleAndStatus(userId, changes, actor, reason);
      const sameRights = before.role === after.role && before.productId === after.productId;
      if (!sameRights || !after.active)
        await this.sessions.revokeAll(userId, after.active ? 'role_changed' : 'deactivated');
      return after;
    });
    this.apiKeys.evict();
    return user;
  }
}
