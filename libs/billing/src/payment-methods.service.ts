import { Injectable } from '@nestjs/common';
import { allowedReturnUrl as allowedPortalUrl, CatalogReader, portalSettingsOf, type Product } from '@app/catalog';
import type { Customer } from '@app/customers';
import { type Actor, DomainError, notFound, type Page, type PageRequest, toPage } from '@app/kernel';
import { Config } from '@app/platform';
import type { PaymentMethod } from './domain/payment.js';
import { allowedReturnUrl, leadsHome } from './domain/return-url.js';
import { PaymentAccounts } from './payment-accounts.service.js';
import { PaymentMethodRecords } from './payment-method-records.js';
import { PaymentMethodsRepository } from './payment-methods.repository.js';
import { PaymentProviders } from './payment-providers.js';
import { PaymentSetups } from './payment-setups.service.js';
import { reachable } from './reachable.js';

/** The payment methods of customers, entered on pages of the provider: card data never reaches this service. */
@Injectable()
export class PaymentMethodsService {
  constructor(
    private readonly methods: PaymentMethodsRepository,
    private readonly records: PaymentMethodRecords,
    private readonly accounts: PaymentAccounts,
    private readonly setups: PaymentSetups,
    private readonly providers: PaymentProviders,
    private readonly catalog: CatalogReader,
    private readonly config: Config,
  ) {}

  /**
   * Starts the entry of a payment method at the provider of a product.
   * @param inPortal true in a portal session: the return URL must be allowed by the settings of the product
   * @returns the URL of the page that the payer enters it on
   * @throws DomainError `product_not_found`, `billing_off`, `provider_not_configured`, `no_payment_methods`,
   * `invalid_fields` for a return URL that is not allowed, `provider_unavailable`
   * @example const { url } = await paymentMethods.startSetup(customer, { product: 'api', returnUrl: '/billing' });
   */
  async startSetup(
    customer: Customer,
    { product, returnUrl, inPortal = false }: { product: string; returnUrl: string; inPortal?: boolean },
  ): Promise<{ url: string }> {
    const sold = await this.catalog.getProduct(product);
    const absolute = this.returnUrlOf(returnUrl, inPortal ? sold : null);
    const settings = await this.catalog.billingOf(sold.id);
    if (!settings)
      throw new DomainError(
        'conflict',
        'billing_off',
        'Billing of this product is off; set its billing settings first.',
      );
    const provider = this.providers.get(settings.provider);
    return reachable(async () => {
      const account = await this.accounts.ensure(customer, provider.name);
      const currency = customer.currency ?? 'USD';
      const setup = { account, customerId: customer.id, currency, returnUrl: absolute };
      const { url, providerId } = await provider.startSetup(setup);
      await this.setups.started(customer.id, provider.name, providerId);
      return { url };
    });
  }

  /** @param portal the product of a portal session, which leads back only where its settings allow it */
  private returnUrlOf(given: string, portal: Product | null): string {
    const { publicUrl, corsOrigins } = this.config;
    if (portal === null) return allowedReturnUrl(given, { publicUrl, origins: corsOrigins });
    return leadsHome(given, publicUrl)
      ? allowedReturnUrl(given, { publicUrl, origins: [] })
      : allowedPortalUrl(given, portalSettingsOf(portal).allowedReturnUrls);
  }

  /** Lists the payment methods of a customer, newest first. */
  async list(customerId: string, page: PageRequest): Promise<Page<PaymentMethod>> {
    return toPage(await this.methods.list(customerId, page), page.limit);
  }

  /** The payment method that is charged for a customer; null when there is none. */
  findDefault(customerId: string): Promise<PaymentMethod | null> {
    return this.methods.findDefault(customerId);
  }

  /** A payment method that is not detached. @throws DomainError `payment_method_not_found` */
  async get(customerId: string, id: string): Promise<PaymentMethod> {
    const method = await this.methods.find(customerId, id);
    if (!method) throw notFound('payment_method');
    return method;
  }

  /**
   * Makes a method the default, which is charged for the next invoice.
   * @throws DomainError `payment_method_not_found`
   */
  setDefault(customerId: string, id: string, actor: Actor): Promise<PaymentMethod> {
    return this.records.setDefault(customerId, id, actor);
  }

  /**
   * Removes a method, at the provider first: after this it cannot be charged. The most recent other one becomes the
   * default.
   * @throws DomainError `payment_method_not_found`, `provider_not_configured`, `provider_unavailable`
   */
  async remove(customerId: string, id: string, actor: Actor): Promise<void> {
    const { provider, providerId } = await this.get(customerId, id);
    await reachable(() => this.providers.get(provider).detachMethod(providerId));
    await this.records.remove(customerId, id, actor);
  }
}
