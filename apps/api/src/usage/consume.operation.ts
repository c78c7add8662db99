import { Injectable } from '@nestjs/common';
import { invalidField } from '@app/kernel';
import {
  type Decision,
  type JointDecision,
  MeteringService,
  type FeatureQuantity,
  type UsageResult,
  type UsageScope,
} from '@app/metering';
import { DecisionCount } from './decision-count.js';
import { smallProperties } from './properties.js';

type Request = UsageScope & Pick<Parameters<MeteringService['consume']>[0], 'actor' | 'idempotency'>;

/** What is to be counted: one feature, or several of which all are counted or none. */
export interface Consumption {
  feature?: string;
  features?: (Pick<FeatureQuantity, 'feature'> & Partial<FeatureQuantity>)[];
  quantity?: number;
  properties?: object;
}

/** Counts one feature, or several together. */
@Injectable()
export class ConsumeOperation {
  constructor(
    private readonly metering: MeteringService,
    private readonly count: DecisionCount,
  ) {}

  /** @throws DomainError `invalid_fields`, and what consuming throws */
  async consume(request: Request, consumption: Consumption): Promise<UsageResult<Decision | JointDecision>> {
    const result = await this.consumeOneOrAll(request, consumption);
    this.count.of('consume', result.answer);
    return result;
  }

  private consumeOneOrAll(
    request: Request,
    { feature, features, quantity, properties }: Consumption,
  ): Promise<UsageResult<Decision | JointDecision>> {
    if (properties) smallProperties(properties);
    if (features === undefined) {
      if (feature === undefined) throw invalidField('feature', 'is required, or else features');
      const { customer, product, actor, idempotency } = request;
      return this.metering.consume({
        customer,
        product,
        actor,
        idempotency,
        feature,
        quantity: quantity ?? 1,
        properties,
      });
    }
    if (feature !== undefined || quantity !== undefined)
      throw invalidField(feature === undefined ? 'quantity' : 'feature', 'does not go with features');
    if (new Set(features.map((one) => one.feature)).size < features.length)
      throw invalidField('features', 'names a feature twice');
    return this.metering.consumeAll({
      ...request,
      features: features.map((one) => ({ feature: one.feature, quantity: one.quantity ?? 1 })),
      properties,
    });
  }
}
