import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { DeliveriesService, type DestinationState } from '@app/deliveries';
import {
  type Concern,
  type Actor,
  Clock,
  DomainError,
  invalidField,
  newId,
  type Page,
  type PageRequest,
  type ScopeFilter,
  toPage,
} from '@app/kernel';
import { type EventType, Events, kindOfType, publicEventTypes } from '@app/events';
import { Database } from '@app/platform';
import { targetUrl } from './domain/target-url.js';
import { endpointPayload, type WebhookEndpoint } from './domain/webhook-endpoint.js';
import { TargetAddresses } from './target-addresses.js';
import { WebhookEndpointsRepository } from './webhook-endpoints.repository.js';
import { WebhookSecrets } from './webhook-secrets.js';

/** Maximum number of endpoints per customer, and in each other scope. */
const MAX_ENDPOINTS = { customer: 20, others: 200 };

export interface NewEndpoint {
  url: string;
  description?: string | null;
  types?: string[];
}

export type EndpointChanges = Partial<NewEndpoint> & { enabled?: boolean };

/** The creator of an endpoint. `ownerUserId` is notified when the endpoint is disabled. */
export interface EndpointOwner {
  ownerUserId: string | null;
  actor: Actor;
  ofProfile?: boolean;
}

/** An endpoint with the health of its deliveries. */
export type EndpointState = WebhookEndpoint & DestinationState;

/** Creates, changes and disables webhook endpoints. */
@Injectable()
export class WebhookEndpointsService {
  constructor(
    private readonly endpoints: WebhookEndpointsRepository,
    private readonly deliveries: DeliveriesService,
    private readonly addresses: TargetAddresses,
    private readonly catalog: CatalogReader,
    private readonly secrets: WebhookSecrets,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /**
   * Creates an endpoint.
   * @returns the endpoint and its secret; the secret is not returned again
   * @throws DomainError `invalid_fields`, `too_many_endpoints`
   * @example
   * const { endpoint, secret } = await endpoints.create({ url, types: ['subscription.*'] }, scope, { ownerUserId, actor
   * });
   */
  async create(
    input: NewEndpoint,
    scope: ScopeFilter,
    by: EndpointOwner,
  ): Promise<{ endpoint: EndpointState; secret: string }> {
    const { url, types } = await this.checked(input, by.actor);
    return this.add({ url: url!, description: input.description ?? null, types: types ?? [] }, scope, by);
  }

  /** Returns an endpoint in scope. @throws DomainError `webhook_endpoint_not_found` */
  async get(id: string, scope: ScopeFilter): Promise<EndpointState> {
    return this.withState(await this.endpoints.get(id, scope));
  }

  /** Lists endpoints in scope, newest first. */
  async list(page: PageRequest, scope: ScopeFilter): Promise<Page<EndpointState>> {
    const { data, hasMore } = toPage(await this.endpoints.list(page, scope), page.limit);
    const stateOf = await this.deliveries.destinationStates(data.map(({ id }) => id));
    return { data: data.map((endpoint) => ({ ...endpoint, ...stateOf(endpoint.id) })), hasMore };
  }

  /** Counts endpoints in scope that fail, or were disabled because they failed, by product. */
  async concerns(scope: ScopeFilter): Promise<Concern[]> {
    const failing = await this.deliveries.failing();
    return this.endpoints.concerns(
      failing.map(({ destination: id, failingSince: since }) => ({ id, since })),
      scope,
    );
  }

  /** Ids of all endpoints in scope. */
  idsOf(scope: ScopeFilter): Promise<string[]> {
    return this.endpoints.idsOf(scope);
  }

  /**
   * Changes the given fields. An endpoint that is enabled again is attempted immediately.
   * @throws DomainError `webhook_endpoint_not_found`, `invalid_fields`
   * @example
   * await endpoints.update(id, scope, { enabled: true }, actor);
   */
  async update(id: string, scope: ScopeFilter, changes: EndpointChanges, actor: Actor): Promise<EndpointState> {
    await this.endpoints.get(id, scope);
    const { url, types } = await this.checked(changes, actor);
    return this.database.transaction(async () =>
      this.withState(await this.change(await this.endpoints.lock(id, scope), { ...changes, url, types }, actor)),
    );
  }

  /**
   * Replaces the secret. The previous one signs too for `overlapSeconds`.
   * @throws DomainError `webhook_endpoint_not_found`
   * @example
   * const { secret } = await endpoints.rotateSecret(id, scope, 86_400, actor);
   */
  rotateSecret(
    id: string,
    scope: ScopeFilter,
    overlapSeconds: number,
    actor: Actor,
  ): Promise<{ endpoint: EndpointState; secret: string }> {
    return this.database.transaction(async () => {
      const endpoint = await this.endpoints.lock(id, scope);
      const { secret, sealed } = this.secrets.draw();
      const now = this.clock.now();
      await this.endpoints.rotate(id, sealed, new Date(now.getTime() + overlapSeconds * 1_000), now);
      await this.events.record({
        ...aboutEndpoint('webhook_endpoint.secret_rotated', endpoint),
        actor,
        after: { overlapSeconds },
      });
      return { endpoint: await this.withState({ ...endpoint, updatedAt: now }), secret };
    });
  }

  /** Deletes an endpoint; its pending deliveries are abandoned. @throws DomainError `webhook_endpoint_not_found` */
  async delete(id: string, scope: ScopeFilter, actor: Actor): Promise<void> {
    await this.database.transaction(async () => this.remove(await this.endpoints.lock(id, scope), actor));
  }

  /** Disables an endpoint; the event notifies its owner. Needs a transaction. */
  async giveUp(id: string, reason: 'gone' | 'failing', actor: Actor): Promise<void> {
    const endpoint = await this.endpoints.disable(id, reason, this.clock.now());
    if (endpoint)
      await this.record(
        'webhook_endpoint.disabled',
        actor,
        { ...endpoint, enabled: true, disabledReason: null },
        endpoint,
      );
  }

  /** Validates the `webhookUrl` of a profile; writes nothing. @throws DomainError `invalid_fields` */
  async urlForProfile(text: string, actor: Actor): Promise<string> {
    return (await this.checked({ url: text }, actor, 'webhookUrl')).url!;
  }

  /**
   * Creates, changes or (with null) deletes the endpoint of a profile. Needs a transaction. `url`: from
   * `urlForProfile`.
   */
  async setOfProfile(customerId: string, userId: string, url: string | null, actor: Actor): Promise<void> {
    const endpoint = await this.endpoints.lockOfProfile(customerId);
    if (endpoint && url === null) await this.remove(endpoint, actor);
    else if (endpoint) await this.change(endpoint, { url: url!, enabled: true }, actor);
    else if (url !== null)
      await this.add(
        { url, description: null, types: [] },
        { productId: null, customerId },
        { ownerUserId: userId, actor, ofProfile: true },
      );
  }

  /** The URLs in the profiles of customers. */
  async profileUrls(customerIds: string[]): Promise<Map<string, string>> {
    return new Map((await this.endpoints.profileUrls(customerIds)).map(({ customerId, url }) => [customerId, url]));
  }

  /** Deletes the endpoints of a customer and removes the user as owner of others. Needs a transaction. */
  async erase(customerId: string, userId: string | null, actor: Actor): Promise<void> {
    for (const id of await this.endpoints.idsOf({ productId: null, customerId }))
      await this.delete(id, { productId: null, customerId }, actor);
    if (userId !== null) await this.endpoints.disown(userId);
  }

  private async add(
    wanted: Pick<WebhookEndpoint, 'url' | 'description' | 'types'>,
    scope: ScopeFilter,
    { ownerUserId, actor, ofProfile = false }: EndpointOwner,
  ): Promise<{ endpoint: EndpointState; secret: string }> {
    const now = this.clock.now();
    const { secret, sealed } = this.secrets.draw();
    const endpoint: WebhookEndpoint = {
      ...wanted,
      ...scope,
      id: newId(),
      ownerUserId,
      ofProfile,
      enabled: true,
      disabledReason: null,
      disabledAt: null,
      createdAt: now,
      updatedAt: now,
    };
    await this.database.transaction(async () => {
      const max = scope.customerId === null ? MAX_ENDPOINTS.others : MAX_ENDPOINTS.customer;
      if ((await this.endpoints.lockScope(scope)) >= max)
        throw new DomainError(
          'conflict',
          'too_many_endpoints',
          `The limit of ${max} endpoints is reached; delete one first.`,
        );
      await this.endpoints.insert(endpoint, sealed);
      await this.record('webhook_endpoint.created', actor, null, endpoint);
    });
    return { endpoint: { ...endpoint, failingSince: null, pausedUntil: null }, secret };
  }

  private async change(before: WebhookEndpoint, changes: EndpointChanges, actor: Actor): Promise<WebhookEndpoint> {
    const now = this.clock.now();
    const {
      url = before.url,
      description = before.description,
      types = before.types,
      enabled = before.enabled,
    } = changes;
    const status =
      enabled === before.enabled
        ? {}
        : { enabled, disabledReason: enabled ? null : ('by_hand' as const), disabledAt: enabled ? null : now };
    const after: WebhookEndpoint = { ...before, url, description, types, ...status, updatedAt: now };
    await this.endpoints.update(before.id, after);
    if (enabled && (!before.enabled || url !== before.url)) await this.deliveries.clearFailures(before.id);
    await this.record('webhook_endpoint.updated', actor, before, after);
    return after;
  }

  private async remove(endpoint: WebhookEndpoint, actor: Actor): Promise<void> {
    await this.endpoints.delete(endpoint.id);
    // Pending deliveries, possibly millions, are abandoned when they are due and purged with the rest.
    await this.deliveries.clearFailures(endpoint.id);
    await this.record('webhook_endpoint.deleted', actor, endpoint, null);
  }

  private async withState(endpoint: WebhookEndpoint): Promise<EndpointState> {
    const stateOf = await this.deliveries.destinationStates([endpoint.id]);
    return { ...endpoint, ...stateOf(endpoint.id) };
  }

  /** Validates URL and event types. @throws DomainError `invalid_fields` */
  private async checked(
    { url, types }: Partial<NewEndpoint>,
    actor: Actor,
    field = 'url',
  ): Promise<{ url?: string; types?: string[] }> {
    const known = new Set<string>(publicEventTypes().flatMap((type) => [type, `${kindOfType(type)}.*`]));
    const unknown = types?.find((type) => !known.has(type));
    if (unknown !== undefined) throw invalidField('types', `contains the unknown event type ${unknown}`);
    if (url === undefined) return { types };
    const target = targetUrl(url);
    if (typeof target === 'string') throw invalidField(field, target);
    await this.addresses.assertAllowed(target, field, actor);
    return { url: target.href, types: types && [...new Set(types)] };
  }

  private async record(
    type: EventType,
    actor: Actor,
    before: WebhookEndpoint | null,
    after: WebhookEndpoint | null,
  ): Promise<void> {
    const endpoint = (after ?? before)!;
    const product = endpoint.productId && (await this.catalog.productKey(endpoint.productId));
    await this.events.record({
      ...aboutEndpoint(type, endpoint),
      actor,
      before: before && endpointPayload(before, product),
      after: after && endpointPayload(after, product),
    });
  }
}

function aboutEndpoint(
  type: EventType,
  { id, customerId, productId }: WebhookEndpoint,
): { type: EventType; subject: { type: string; id: string }; customerId: string | null; productId: string | null } {
  return { type, subject: { type: 'webhook_endpoint', id }, customerId, productId };
}
