import { Injectable } from '@nestjs/common';
import { CustomersService } from '@app/customers';
import { canonicalEmail, type Language, type User, UsersService } from '@app/users';
import { BillingProfilesService } from '../billing-profiles.service.js';

export interface BillingRecipient {
  address: string;
  language: Language;
  /** IANA name. */
  zone: string;
}

/** Finds who receives the mails of a customer. */
@Injectable()
export class BillingRecipients {
  constructor(
    private readonly customers: CustomersService,
    private readonly profiles: BillingProfilesService,
    private readonly users: UsersService,
  ) {}

  /**
   * The e-mail of the billing profile, else that of the user; its language by the rule of invoices. The user's own
   * address must be verified; the settings of the user apply to it, except for documents.
   * @returns null when there is no recipient
   */
  async find(
    customerId: string,
    { isDocument, language: fallback }: { isDocument: boolean; language: Language },
  ): Promise<BillingRecipient | null> {
    const customer = await this.customers.getById(customerId);
    const profile = await this.profiles.get(customer);
    const [user] = await this.users.findByCustomers([customerId]);
    const language = profile.language ?? user?.language ?? fallback;
    const address = profile.email ?? user?.email;
    if (!address) return null;
    const isOwn = user !== undefined && canonicalEmail(address) === user.canonicalEmail;
    if (isOwn && !(isDocument ? isVerified(user) : wantsMail(user))) return null;
    return { address, language, zone: customer.timezone };
  }
}

const isVerified = ({ emailVerifiedAt }: User): boolean => emailVerifiedAt !== null;
const wantsMail = (user: User): boolean =>
  isVerified(user) && user.active && user.mailEnabled && !user.mutedMails.includes('payment');
