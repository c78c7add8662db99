import { Injectable } from '@nestjs/common';
import { actorOf, ApiKeysService, confinedTo, type Principal } from '@app/auth';
import { CatalogReader } from '@app/catalog';
import { CustomersService } from '@app/customers';
import { type EndpointScope, type EndpointState, type NewEndpoint, WebhookEndpointsService } from '@app/webhooks';
import { allowedProduct, confinedProduct } from '../http/access/product-key.decorator.js';
import { ProductConfinement } from '../http/access/product-confinement.js';
import { DomainError } from '@app/kernel';
import { WebhookEndpointDto } from './dto/webhook-endpoint.dto.js';

/** Which endpoints are whose, and their names in place of ids. */
@Injectable()
export class WebhookAccess {
  constructor(
    private readonly endpoints: WebhookEndpointsService,
    private readonly confinement: ProductConfinement,
    private readonly catalog: CatalogReader,
    private readonly customers: CustomersService,
    private readonly apiKeys: ApiKeysService,
  ) {}

  /** Plain people see their own, product admins and keys of a product those of the product, others all. */
  async scopeOf(principal: Principal): Promise<EndpointScope> {
    return { productId: await this.confinement.productId(principal), customerId: confinedTo(principal) };
  }

  /** @throws DomainError `product_not_allowed`, `product_not_found`, and what the service refuses */
  async create(
    { product, ...input }: NewEndpoint & { product?: string | null },
    principal: Principal,
  ): Promise<{ endpoint: EndpointState; secret: string }> {
    const customerId = confinedTo(principal);
    const productId =
      product === null || (product === undefined && customerId !== null)
        ? this.anyProduct(principal)
        : (await this.catalog.getProduct(allowedProduct(principal, product))).id;
    const ownerUserId = principal.kind === 'user' ? principal.userId : await this.apiKeys.ownerOf(principal.keyId);
    return this.endpoints.create(input, { productId, customerId }, { ownerUserId, actor: actorOf(principal) });
  }

  async present(endpoint: EndpointState): Promise<WebhookEndpointDto> {
    const [presented] = await this.presentAll([endpoint]);
    return presented!;
  }

  async presentAll(endpoints: EndpointState[]): Promise<WebhookEndpointDto[]> {
    const keys = await this.customers.keysOf(endpoints.flatMap(({ customerId }) => customerId ?? []));
    return Promise.all(
      endpoints.map(async (endpoint) => {
        const { productId, customerId } = endpoint;
        return WebhookEndpointDto.of(endpoint, {
          product: productId && (await this.catalog.productKey(productId)),
          customer: customerId && (keys.get(customerId) ?? null),
        });
      }),
    );
  }

  private anyProduct(principal: Principal): null {
    if (confinedProduct(principal) !== null)
      throw new DomainError('forbidden', 'product_not_allowed', 'You are confined to a product.');
    return null;
  }
}
