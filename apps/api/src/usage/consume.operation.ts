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
import { unitsOrValue } from './report.js';

type Request = UsageScope & Pick<Parameters<MeteringService['consume']>[0], 'actor' | 'idempotency'>;

/** Units to consume: of one feature, or of several, all or none. */
export interface Consumption {
  feature?: string;
  features?: (Pick<FeatureQuantity, 'feature'> & Partial<FeatureQuantity>)[];
  quantity?: number;
  entity?: string;
  value?: number | string;
  properties?: object;
}

/** Consumes units of one feature, or of several in one decision. */
@Injectable()
export class ConsumeOperation {
  constructor(
    private readonly metering: MeteringService,
    private readonly count: DecisionCount,
  ) {}

  /** @throws DomainError `invalid_fields`, and the errors of `MeteringService.consume` */
  consume(request: Request, consumption: Consumption): Promise<UsageResult<Decision | JointDecision>> {
    return this.consumeUnits(request, consumption).then((result) => {
      this.count.of('consume', result.answer, request);
      return result;
    });
  }

  private consumeUnits(
    request: Request,
    { properties, entity, value, ...consumption }: Consumption,
  ): Promise<UsageResult<Decision | JointDecision>> {
    // A null of the caller counts as left out.
    const [feature, features] = [consumption.feature ?? undefined, consumption.features ?? undefined];
    const quantity = consumption.quantity ?? undefined;
    if (properties) smallProperties(properties);
    if (features === undefined) {
      if (feature === undefined) throw invalidField('feature', 'is required unless features is given');
      const { customer, product, actor, idempotency } = request;
      return this.metering.consume({
        customer,
        product,
        actor,
        idempotency,
        feature,
        ...unitsOrValue({ quantity, entity, value }),
        properties,
      });
    }
    const [besideFeatures] =
      Object.entries({ feature, quantity, entity, value }).find(([, given]) => (given ?? null) !== null) ?? [];
    if (besideFeatures !== undefined) throw invalidField(besideFeatures, 'must not be combined with features');
    if (new Set(features.map((one) => one.feature)).size < features.length)
      throw invalidField('features', 'contains the same feature twice');
    return this.metering.consumeAll({
      ...request,
      features: features.map((one) => ({ feature: one.feature, ...unitsOrValue(one) })),
      properties,
    });
  }
}
