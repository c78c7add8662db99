import { Injectable } from '@nestjs/common';
import { AccountsService } from '@app/accounts';
import { actorOf, CredentialsService, type UserPrincipal } from '@app/auth';

/** What people do with their account for good, or until an admin undoes it: only with the password, once more. */
@Injectable()
export class CloseAccountOperation {
  constructor(
    private readonly credentials: CredentialsService,
    private readonly accounts: AccountsService,
  ) {}

  /** @throws DomainError `wrong_credentials`, `too_many_attempts`, `last_admin` */
  async deactivate(principal: UserPrincipal, password: string, source: string): Promise<void> {
    await this.credentials.proveAgain(principal, password, source);
    await this.accounts.changeRoleAndStatus(principal.userId, { active: false }, actorOf(principal));
  }

  /** @throws DomainError `wrong_credentials`, `too_many_attempts`, `last_admin` */
  async remove(principal: UserPrincipal, password: string, source: string): Promise<void> {
    await this.credentials.proveAgain(principal, password, source);
    await this.accounts.remove(principal.userId, actorOf(principal));
  }
}
