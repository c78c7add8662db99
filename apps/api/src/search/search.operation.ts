import { Injectable } from '@nestjs/common';
import type { Principal } from '@app/auth';
import { InvoicesService } from '@app/billing';
import { CatalogReader, CatalogSearch } from '@app/catalog';
import { CustomersService } from '@app/customers';
import { type AccessScope, DomainError } from '@app/kernel';
import { MembersService, SubscriptionsService } from '@app/subscriptions';
import { CustomersController } from '../customers/customers.controller.js';
import { PlansController } from '../plans/plans.controller.js';
import { admissionTo } from '../http/access/admission.js';
import { InvoicesController } from '../invoices/invoices.controller.js';
import { SubscriptionsController } from '../subscriptions/subscriptions.controller.js';
import type { SearchHitDto, SearchQueryDto } from './dto/search.dto.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

type Search = (query: SearchQueryDto, scope: AccessScope) => Promise<SearchHitDto[]>;

/** Finds objects of several types by one text. A caller finds those that it may also read by their own routes. */
@Injectable()
export class SearchOperation {
  /** The searches in the order of the hits, each with the method of a controller whose access rule it has. */
  private readonly searches: [handler: object, search: Search][] = [
    [CustomersController.prototype.list, (query, scope) => this.customersOf(query, scope)],
    [SubscriptionsController.prototype.get, ({ q }, scope) => this.subscriptionOf(q, scope)],
    [InvoicesController.prototype.list, (query, scope) => this.invoicesOf(query, scope)],
    [PlansController.prototype.versions, (query, scope) => this.itemsOf(query, scope)],
  ];

  constructor(
    private readonly members: MembersService,
    private readonly customers: CustomersService,
    private readonly subscriptions: SubscriptionsService,
    private readonly invoices: InvoicesService,
    private readonly catalogSearch: CatalogSearch,
    private readonly catalog: CatalogReader,
  ) {}

  async find(query: SearchQueryDto, principal: Principal): Promise<SearchHitDto[]> {
    const found = await Promise.all(
      this.searches.map(async ([handler, search]) => {
        const admission = admissionTo(handler, principal);
        return admission ? search(query, admission.caller.scope) : [];
      }),
    );
    return found.flat();
  }

  /** The customer with this key first, then the newest that match. */
  private async customersOf({ q, limit }: SearchQueryDto, { filter }: AccessScope): Promise<SearchHitDto[]> {
    const [exact, { data }] = await Promise.all([
      orNull(this.members.getInScope(q, filter)),
      this.members.list({ limit, after: null }, filter, { text: q }),
    ]);
    const found = exact ? [exact, ...data.filter(({ id }) => id !== exact.id)].slice(0, limit) : data;
    return found.map(({ id, key, name, email }) => ({
      type: 'customer',
      id,
      key,
      customer: key,
      product: null,
      title: name ?? key,
      subtitle: email,
    }));
  }

  private async subscriptionOf(q: string, scope: AccessScope): Promise<SearchHitDto[]> {
    const found = UUID.test(q) ? await orNull(this.subscriptions.getById(q)) : null;
    if (!found || !scope.admits(found)) return [];
    const { id, customerId, productId, planName, status } = found;
    const customers = await this.customers.keysOf([customerId]);
    const product = await this.catalog.productKey(productId);
    const customer = customers.get(customerId)!;
    return [{ type: 'subscription', id, key: id, customer, product, title: planName, subtitle: status }];
  }

  private async invoicesOf({ q, limit }: SearchQueryDto, { filter }: AccessScope): Promise<SearchHitDto[]> {
    const found = await this.invoices.search(q, filter, limit);
    const customers = await this.customers.keysOf(found.map(({ customerId }) => customerId));
    return Promise.all(
      found.map(async ({ id, number, status, customerId, productId }) => ({
        type: 'invoice' as const,
        id,
        key: number,
        customer: customers.get(customerId)!,
        product: await this.catalog.productKey(productId),
        title: number,
        subtitle: status,
      })),
    );
  }

  private async itemsOf({ q, limit }: SearchQueryDto, { filter }: AccessScope): Promise<SearchHitDto[]> {
    const found = await this.catalogSearch.find(q, filter, limit);
    return Promise.all(
      found.map(async ({ type, id, key, name, productId }) => ({
        type,
        id,
        key,
        customer: null,
        product: await this.catalog.productKey(productId),
        title: name,
        subtitle: key,
      })),
    );
  }
}

/** Null in place of the 404 of an absent object. */
async function orNull<T>(read: Promise<T>): Promise<T | null> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'not_found') return null;
    throw error;
  }
}
