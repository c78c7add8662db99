import { Injectable } from '@nestjs/common';
import { AccountsService } from '@app/accounts';
import { CatalogReader } from '@app/catalog';
import type { Actor } from '@app/kernel';
import type { Role, User } from '@app/users';

/** Changes what somebody may do, on a product named by its key. */
@Injectable()
export class UpdateUserOperation {
  constructor(
    private readonly accounts: AccountsService,
    private readonly catalog: CatalogReader,
  ) {}

  /** @throws DomainError `user_not_found`, `product_not_found`, `last_admin`, `invalid_fields` */
  async run(
    id: string,
    { product, ...changes }: { role?: Role; product?: string; active?: boolean },
    actor: Actor,
  ): Promise<User> {
    const productId = product === undefined ? undefined : (await this.catalog.getProduct(product)).id;
    return this.accounts.changeRoleAndStatus(id, { ...changes, productId }, actor);
  }
}
