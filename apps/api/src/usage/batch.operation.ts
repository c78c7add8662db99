import { Injectable, Logger } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { actorOf } from '@app/auth';
import { DEFAULT_PRODUCT } from '@app/catalog';
import type { Customer } from '@app/customers';
import { type Decision, MeteringService, type UsageScope } from '@app/metering';
import { scopeOf } from '../http/access/current-principal.decorator.js';
import type { WithPrincipal } from '../http/access/with-principal.js';
import { CustomerResolver, OWN_CUSTOMER } from '../http/access/customer-resolver.js';
import { claimOfItem } from '../http/idempotency/idempotency.interceptor.js';
import { type Problem, toProblem } from '../http/problems/problem.js';
import { DecisionCount } from './decision-count.js';
import type { BatchedCheckDto, BatchedConsumptionDto } from './dto/batch.dto.js';
import { smallProperties } from './properties.js';
import { unitsOrValue } from './report.js';

type Result = Decision | Problem;
type Request = FastifyRequest & WithPrincipal;

/**
 * Checks and consumptions of many customers in one request. Each item is independent: one that fails does not affect
 * the others. The items run concurrently, so that they share the reads and transactions of the batchers.
 */
@Injectable()
export class BatchOperation {
  private readonly logger = new Logger('Http');

  constructor(
    private readonly metering: MeteringService,
    private readonly customers: CustomerResolver,
    private readonly count: DecisionCount,
  ) {}

  /** @returns one decision or problem for each check, in their order */
  check(checks: BatchedCheckDto[], request: Request): Promise<Result[]> {
    return this.each(checks, request, async (scope, item) =>
      this.count.of(
        'check',
        await this.metering.check({ ...scope, feature: item.feature, ...unitsOrValue(item) }),
        scope,
      ),
    );
  }

  /** Counts what is allowed. @returns one decision or problem for each consumption, in their order */
  consume(consumptions: BatchedConsumptionDto[], request: Request): Promise<Result[]> {
    const actor = actorOf(request.principal!);
    return this.each(consumptions, request, async (scope, item, index) => {
      const { idempotencyKey, ...body } = item;
      const { feature, properties } = body;
      smallProperties(properties);
      const idempotency = claimOfItem(request, { key: idempotencyKey, index, path: '/v1/usage/consume', body });
      const { answer } = await this.metering.consume({
        ...scope,
        feature,
        properties,
        ...unitsOrValue(body),
        actor,
        idempotency,
      });
      return this.count.of('consume', answer, scope);
    });
  }

  private each<Item extends { customer?: string; product?: string }>(
    items: Item[],
    request: Request,
    run: (scope: UsageScope, item: Item, index: number) => Promise<Decision>,
  ): Promise<Result[]> {
    const scope = scopeOf(request);
    const customers = new Map<string, Promise<Customer>>();
    const customerOf = (key: string): Promise<Customer> => {
      const found = customers.get(key) ?? this.customers.getCached(key, scope);
      customers.set(key, found);
      return found;
    };
    return Promise.all(
      items.map(async (item, index) => {
        try {
          const product = scope.productNamed(item.product ?? undefined) ?? DEFAULT_PRODUCT;
          return await run({ customer: await customerOf(item.customer ?? OWN_CUSTOMER), product }, item, index);
        } catch (error) {
          return this.problemOf(error, request);
        }
      }),
    );
  }

  private problemOf(error: unknown, request: Request): Problem {
    const { problem, retryAfterSeconds, unexpected } = toProblem(error, request);
    if (unexpected)
      this.logger.error({ requestId: request.id, error: error instanceof Error ? error.stack : String(error) });
    // A single call has it as the header `Retry-After`.
    return retryAfterSeconds === undefined ? problem : { ...problem, retryAfterSeconds };
  }
}
