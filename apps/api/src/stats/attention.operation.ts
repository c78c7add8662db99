import { Injectable } from '@nestjs/common';
import { BillingConcerns } from '@app/billing';
import { CatalogConcerns, CatalogReader } from '@app/catalog';
import { type AccessScope, Clock, type Concern } from '@app/kernel';
import { SubscriptionStats } from '@app/subscriptions';
import { WebhookEndpointsService } from '@app/webhooks';
import { EventScope } from '../http/access/event-scope.js';
import type { AttentionItemDto, AttentionKind } from './dto/attention.dto.js';
import { InstallationConcerns } from './installation-concerns.js';

/** The list of the objects of a kind, as a path of this API. Kinds that are not named have none. */
const LISTS: Partial<Record<AttentionKind, string>> = {
  subscriptions_past_due: '/v1/subscriptions?status=past_due',
  invoices_failed: '/v1/invoices?status=open',
  invoices_not_finalized: '/v1/invoices?status=draft',
  webhook_endpoints_failing: '/v1/webhook-endpoints?',
  webhook_endpoints_disabled: '/v1/webhook-endpoints?',
  drafts_unpublished: '/v1/plans?',
};
/** Collects the problems that staff should read now, in the scope of the caller. */
@Injectable()
export class AttentionOperation {
  constructor(
    private readonly subscriptions: SubscriptionStats,
    private readonly billing: BillingConcerns,
    private readonly catalogConcerns: CatalogConcerns,
    private readonly webhooks: WebhookEndpointsService,
    private readonly installation: InstallationConcerns,
    private readonly scope: EventScope,
    private readonly catalog: CatalogReader,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError `product_not_found`, `product_not_allowed` */
  async list(product: string | undefined, caller: AccessScope): Promise<AttentionItemDto[]> {
    const scope = await this.scope.narrow({ product }, caller);
    const found = await Promise.all([
      this.subscriptions.pastDue(scope),
      this.billing.list(scope, this.clock.now()),
      this.webhooks.concerns(scope),
      this.catalogConcerns.list(scope),
      caller.isUnlimited ? this.installation.list() : [],
    ]);
    return Promise.all(found.flat().map((concern) => this.present(concern)));
  }

  private async present({ kind, count, since, productId }: Concern): Promise<AttentionItemDto> {
    const product = productId && (await this.catalog.productKey(productId));
    return { kind: kind as AttentionKind, count, since, product, list: listOf(kind as AttentionKind, product) };
  }
}

function listOf(kind: AttentionKind, product: string | null): string | null {
  const list = LISTS[kind];
  if (list === undefined) return null;
  return product === null ? list.replace(/\?$/, '') : `${list}${list.endsWith('?') ? '' : '&'}product=${product}`;
}
