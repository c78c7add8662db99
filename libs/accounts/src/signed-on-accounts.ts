import { Injectable } from '@nestjs/common';
import { CredentialsService, IdentitiesService, type OidcIdentity } from '@app/auth';
import { CatalogReader } from '@app/catalog';
import { CustomersService } from '@app/customers';
import { type Actor, DomainError, type Origin } from '@app/kernel';
import { Config, type OidcRights } from '@app/platform';
import { canonicalEmail, type User, UsersService } from '@app/users';
import { AccountsService } from './accounts.service.js';
import { RegistrationService } from './registration.service.js';

const NO_RIGHTS: OidcRights = { role: 'user', product: null };

/** An identity that may get an account. */
export type EntitledIdentity = OidcIdentity & { email: string; rights: OidcRights };

/** Accounts that follow an identity at the OpenID Connect provider. Every method needs a transaction. */
@Injectable()
export class SignedOnAccounts {
  constructor(
    private readonly users: UsersService,
    private readonly customers: CustomersService,
    private readonly catalog: CatalogReader,
    private readonly registration: RegistrationService,
    private readonly accounts: AccountsService,
    private readonly identities: IdentitiesService,
    private readonly credentials: CredentialsService,
    private readonly config: Config,
  ) {}

  /**
   * Creates the account of an identity at its first login.
   *
   * @throws DomainError `email_taken`, `product_not_found`
   */
  async create(identity: EntitledIdentity, origin: Origin): Promise<User> {
    const user = await this.registration.createSignedOn(identity, identity.rights.role, origin);
    const actor = actorFor(user, origin);
    await this.identities.link(identity, user, actor);
    return this.setRights(user, identity.rights, actor);
  }

  /**
   * Links an identity to the account with its e-mail address: only if the setting allows it, and the owner of the
   * mailbox verified the address here, so that an account that a stranger registered is not linked. The account loses
   * its password and its sessions.
   *
   * @returns null when the account may not be linked
   * @throws DomainError `last_admin`, `product_not_found`
   */
  async link(user: User, identity: EntitledIdentity, origin: Origin): Promise<User | null> {
    if (!this.config.signIn.oidc?.linkByEmail || !user.active || !user.emailVerifiedAt) return null;
    const actor = actorFor(user, origin);
    if (!(await this.identities.link(identity, user, actor))) return null;
    await this.credentials.removePassword(user, actor);
    return this.setRights(user, identity.rights, actor);
  }

  /** Takes over a changed address, unless another account has it. */
  async followEmail(user: User, email: string, origin: Origin): Promise<void> {
    if (canonicalEmail(email) === user.canonicalEmail || (await this.users.findByEmail(email))) return;
    const actor = actorFor(user, origin);
    await this.customers.update(user.customerId, { email }, actor);
    await this.users.takeEmail(user.id, email, actor);
  }

  /**
   * Gives the user the rights of the claim; null: those of the role `user`. Other rights end its sessions.
   *
   * @returns false when the last active admin would lose the role, which it then keeps
   * @throws DomainError `product_not_found`
   */
  async followRights(user: User, rights: OidcRights | null, origin: Origin): Promise<boolean> {
    try {
      await this.setRights(user, rights ?? NO_RIGHTS, actorFor(user, origin));
      return true;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'last_admin') return false;
      throw error;
    }
  }

  /** The audit log names the user, at whose login it happens, and the reason. */
  private async setRights(user: User, { role, product }: OidcRights, actor: Actor): Promise<User> {
    const productId = product === null ? null : (await this.catalog.getProduct(product)).id;
    if (user.role === role && user.productId === productId) return user;
    return this.accounts.changeRoleAndStatus(user.id, { role, product: product ?? undefined }, actor, 'single_sign_on');
  }
}

const actorFor = ({ id }: User, origin: Origin): Actor => ({ kind: 'user', id, origin });
