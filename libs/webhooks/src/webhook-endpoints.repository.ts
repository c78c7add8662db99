import { Injectable } from '@nestjs/common';
import { type Concern, notFound, type PageRequest, type ScopeFilter } from '@app/kernel';
import { arrayLiteral, Database, inScope } from '@app/platform';
import type { DisabledReason, WebhookEndpoint } from './domain/webhook-endpoint.js';

/** Encrypted signing secrets. */
export interface StoredSecrets {
  secret: Buffer;
  previousSecret: Buffer | null;
  previousSecretUntil: Date | null;
}

/** Fields needed to send a request. */
export type WebhookTarget = Pick<WebhookEndpoint, 'id' | 'url' | 'enabled' | 'customerId' | 'productId'> &
  StoredSecrets;

/** First key of the advisory lock that guards the number of endpoints in a scope. Any fixed number. */
const SCOPE_LOCK = 704_602_925;
const COLUMNS = `id, product_id as "productId", customer_id as "customerId", owner_user_id as "ownerUserId", of_profile as "ofProfile", url, description, types, enabled,
  disabled_reason as "disabledReason", disabled_at as "disabledAt", created_at as "createdAt", updated_at as "updatedAt"`;
const SECRETS = `secret, previous_secret as "previousSecret", previous_secret_until as "previousSecretUntil"`;
/** A scope of one product holds the seller's endpoints, not those that single customers created. */
const SCOPE_COLUMNS = { customer: 'customer_id', product: 'product_id', privateToCustomer: true };

@Injectable()
export class WebhookEndpointsRepository {
  constructor(private readonly database: Database) {}

  /** Serializes concurrent creations in a scope. @returns the number of endpoints in the scope */
  async lockScope({ productId, customerId }: ScopeFilter): Promise<number> {
    await this.database.write('select pg_advisory_xact_lock($1, hashtext($2))', [
      SCOPE_LOCK,
      `${productId ?? ''} ${customerId ?? ''}`,
    ]);
    const [row] = await this.database.write<{ count: number }>(
      `select count(*)::int as count from webhook_endpoints where product_id is not distinct from $1 and ${customerId === null ? '$2::uuid is null and customer_id is null' : 'customer_id = $2'}`,
      [productId, customerId],
    );
    return row!.count;
  }

  async insert(endpoint: WebhookEndpoint, secret: Buffer): Promise<void> {
    const { id, productId, customerId, ownerUserId, ofProfile, url, description, types, createdAt } = endpoint;
    await this.database.write(
      `insert into webhook_endpoints (id, product_id, customer_id, owner_user_id, of_profile, url, description, types, secret, enabled, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, true, $10, $10)`,
      [id, productId, customerId, ownerUserId, ofProfile, url, description, types, secret, createdAt],
    );
  }

  async find(id: string, scope: ScopeFilter): Promise<WebhookEndpoint | null> {
    const values: unknown[] = [id];
    const [found] = await this.database.query<WebhookEndpoint>(
      `select ${COLUMNS} from webhook_endpoints where id = $1 and ${inScope(scope, SCOPE_COLUMNS, values)}`,
      values,
    );
    return found ?? null;
  }

  /** @throws DomainError `webhook_endpoint_not_found` */
  async get(id: string, scope: ScopeFilter): Promise<WebhookEndpoint> {
    return (await this.find(id, scope)) ?? endpointNotFound();
  }

  /** @throws DomainError `webhook_endpoint_not_found` */
  async lock(id: string, scope: ScopeFilter): Promise<WebhookEndpoint> {
    const values: unknown[] = [id];
    const [found] = await this.database.write<WebhookEndpoint>(
      `select ${COLUMNS} from webhook_endpoints where id = $1 and ${inScope(scope, SCOPE_COLUMNS, values)} for no key update`,
      values,
    );
    return found ?? endpointNotFound();
  }

  async lockOfProfile(customerId: string): Promise<WebhookEndpoint | null> {
    const [found] = await this.database.write<WebhookEndpoint>(
      `select ${COLUMNS} from webhook_endpoints where customer_id = $1 and of_profile for update`,
      [customerId],
    );
    return found ?? null;
  }

  /** Profile URLs by customer. */
  profileUrls(customerIds: string[]): Promise<{ customerId: string; url: string }[]> {
    return this.database.query(
      'select customer_id as "customerId", url from webhook_endpoints where of_profile and customer_id = any($1::uuid[])',
      [arrayLiteral(customerIds)],
    );
  }

  /** Lists endpoints, newest first. */
  list(page: PageRequest, scope: ScopeFilter): Promise<WebhookEndpoint[]> {
    const values: unknown[] = [page.after, page.limit + 1];
    return this.database.query<WebhookEndpoint>(
      `select ${COLUMNS} from webhook_endpoints where ${inScope(scope, SCOPE_COLUMNS, values)} and ($1::uuid is null or id < $1) order by id desc limit $2`,
      values,
    );
  }

  /** Endpoints that fail now (by id, with the instant of the first failure), and those disabled for it, by product. */
  concerns(failing: { id: string; since: Date }[], scope: ScopeFilter): Promise<Concern[]> {
    const values: unknown[] = [failing.map(({ id }) => id), failing.map(({ since }) => since)];
    return this.database.query(
      `select case when e.enabled then 'webhook_endpoints_failing' else 'webhook_endpoints_disabled' end as kind, count(*)::integer as count,
         min(coalesce(e.disabled_at, f.since)) as since, e.product_id as "productId"
       from webhook_endpoints e left join unnest($1::uuid[], $2::timestamptz[]) as f (id, since) on f.id = e.id
       where (f.id is not null or (not e.enabled and e.disabled_reason <> 'by_hand')) and (e.enabled or e.disabled_reason <> 'by_hand')
         and ${inScope(scope, SCOPE_COLUMNS, values)} group by 1, 4 order by 1, 4`,
      values,
    );
  }

  async idsOf(scope: ScopeFilter): Promise<string[]> {
    const values: unknown[] = [];
    const rows = await this.database.query<{ id: string }>(
      `select id from webhook_endpoints where ${inScope(scope, SCOPE_COLUMNS, values)}`,
      values,
    );
    return rows.map(({ id }) => id);
  }

  /** Enabled endpoints that may receive events of these customers. */
  listeners(customerIds: string[]): Promise<WebhookEndpoint[]> {
    const listening = `select ${COLUMNS} from webhook_endpoints where enabled and customer_id`;
    return this.database.query<WebhookEndpoint>(`${listening} is null union all ${listening} = any($1::uuid[])`, [
      arrayLiteral(customerIds),
    ]);
  }

  targets(ids: string[]): Promise<WebhookTarget[]> {
    return this.database.query(
      `select id, url, enabled, customer_id as "customerId", product_id as "productId", ${SECRETS} from webhook_endpoints where id = any($1::uuid[])`,
      [arrayLiteral(ids)],
    );
  }

  async update(
    id: string,
    { url, description, types, enabled, disabledReason, disabledAt, updatedAt }: WebhookEndpoint,
  ): Promise<void> {
    await this.database.write(
      'update webhook_endpoints set url = $2, description = $3, types = $4, enabled = $5, disabled_reason = $6, disabled_at = $7, updated_at = $8 where id = $1',
      [id, url, description, types, enabled, disabledReason, disabledAt, updatedAt],
    );
  }

  async rotate(id: string, secret: Buffer, previousUntil: Date, now: Date): Promise<void> {
    await this.database.write(
      'update webhook_endpoints set previous_secret = secret, previous_secret_until = $3, secret = $2, updated_at = $4 where id = $1',
      [id, secret, previousUntil, now],
    );
  }

  /** Disables an enabled endpoint. @returns null when it was disabled already */
  async disable(id: string, reason: DisabledReason, now: Date): Promise<WebhookEndpoint | null> {
    const [row] = await this.database.write<WebhookEndpoint>(
      `update webhook_endpoints set enabled = false, disabled_reason = $2, disabled_at = $3, updated_at = $3 where id = $1 and enabled returning ${COLUMNS}`,
      [id, reason, now],
    );
    return row ?? null;
  }

  async delete(id: string): Promise<void> {
    await this.database.write('delete from webhook_endpoints where id = $1', [id]);
  }

  /** Removes a user as owner; the endpoints stay. */
  async disown(userId: string): Promise<void> {
    await this.database.write('update webhook_endpoints set owner_user_id = null where owner_user_id = $1', [userId]);
  }
}

function endpointNotFound(): never {
  throw notFound('webhook_endpoint');
}
