import { Injectable } from '@nestjs/common';
import { actorOf, type UserPrincipal } from '@app/auth';
import { type Customer, type CustomerProfile, CustomersService } from '@app/customers';
import { notFound } from '@app/kernel';
import { Database } from '@app/platform';
import { type OwnChanges, type User, UsersService } from '@app/users';
import { WebhookEndpointsService } from '@app/webhooks';
import { type OwnProfile, ProfilesRepository } from './profiles.repository.js';

/** A user account and its customer. */
export interface Profile {
  user: User;
  customer: Customer;
}

/** Changes that users make to their own account. A field that is left out stays. */
export type ProfileChanges = OwnChanges &
  Pick<CustomerProfile, 'region' | 'deviceType' | 'timezone'> & {
    /** URL of the user's own webhook endpoint; null removes the endpoint. */
    webhookUrl?: string | null;
  };

/** The profile of a user: account, customer and webhook URL as one. */
@Injectable()
export class ProfileService {
  constructor(
    private readonly users: UsersService,
    private readonly customers: CustomersService,
    private readonly endpoints: WebhookEndpointsService,
    private readonly profiles: ProfilesRepository,
    private readonly database: Database,
  ) {}

  /**
   * @throws DomainError `user_not_found`
   * @example const { user, customer } = await profiles.get(principal.userId);
   */
  async get(userId: string): Promise<Profile> {
    const user = await this.users.getById(userId);
    return { user, customer: await this.customers.getById(user.customerId) };
  }

  /**
   * The account as its owner sees it.
   * @throws DomainError `user_not_found`
   * @example const { customer, webhookUrl } = await profiles.getOwn(principal.userId);
   */
  async getOwn(userId: string): Promise<OwnProfile> {
    const profile = await this.profiles.find(userId);
    if (!profile) throw notFound('user');
    return profile;
  }

  /**
   * Changes the caller's account, customer and webhook URL in one transaction. The name is stored in both.
   *
   * @throws DomainError `invalid_fields`
   * @example await profiles.update(principal, { name: 'Ann', timezone: 'Europe/Berlin', webhookUrl: null });
   */
  async update(
    principal: UserPrincipal,
    { webhookUrl, name, region, deviceType, timezone, mailEnabled, mutedMails, language }: ProfileChanges,
  ): Promise<OwnProfile> {
    const { userId } = principal;
    const customerId = principal.scope.ownCustomerId!;
    const actor = actorOf(principal);
    const own = { name, mailEnabled, mutedMails: mutedMails && [...new Set(mutedMails)], language };
    // DNS lookup: before any lock is taken.
    const url = webhookUrl && (await this.endpoints.urlForProfile(webhookUrl, actor));
    return this.database.transaction(async () => {
      await this.customers.update(customerId, { name, region, deviceType, timezone }, actor);
      await this.users.updateOwn(userId, own, actor);
      if (url !== undefined) await this.endpoints.setOfProfile(customerId, userId, url, actor);
      return this.getOwn(userId);
    });
  }
}
