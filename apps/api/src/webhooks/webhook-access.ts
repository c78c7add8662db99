import { Injectable } from '@nestjs/common';
import { actorOf, ApiKeysService, type Principal } from '@app/auth';
import { CatalogReader, DEFAULT_PRODUCT } from '@app/catalog';
import { CustomersService } from '@app/customers';
import { type EndpointState, type NewEndpoint, WebhookEndpointsService } from '@app/webhooks';
import { WebhookEndpointDto } from './dto/webhook-endpoint.dto.js';

/** Presents endpoints with keys in place of ids, and resolves the scope of a new one. */
@Injectable()
export class WebhookAccess {
  constructor(
    private readonly endpoints: WebhookEndpointsService,
    private readonly catalog: CatalogReader,
    private readonly customers: CustomersService,
    private readonly apiKeys: ApiKeysService,
  ) {}

  /**
   * @throws DomainError `product_not_allowed`, `product_not_found`, and the errors of `WebhookEndpointsService.create`
   */
  async create(
    { product, ...input }: NewEndpoint & { product?: string | null },
    principal: Principal,
  ): Promise<{ endpoint: EndpointState; secret: string }> {
    const { scope } = principal;
    const { customerId } = scope.filter;
    const ofAllProducts = product === null || (product === undefined && customerId !== null);
    if (ofAllProducts) scope.assertAnyProduct();
    const productId = ofAllProducts ? null : await this.productId(scope.productNamed(product));
    const ownerUserId = principal.kind === 'api_key' ? await this.apiKeys.ownerOf(principal.keyId) : principal.userId;
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

  private async productId(key = DEFAULT_PRODUCT): Promise<string> {
    return (await this.catalog.getProduct(key)).id;
  }
}
