import { Injectable } from '@nestjs/common';
import type { Customer } from '@app/customers';
import { invalidField } from '@app/kernel';
import { type Decision, MeteringService } from '@app/metering';
import { DecisionCount } from './decision-count.js';
import { unitsOrValue } from './report.js';

/** One question, or several about the same customer. */
export interface CheckQuestion {
  feature?: string;
  features?: string[];
  quantity?: number;
  entity?: string;
  value?: number | string;
}

/** Answers a check of one feature with a decision and one of several with a list of them. */
@Injectable()
export class CheckOperation {
  constructor(
    private readonly metering: MeteringService,
    private readonly count: DecisionCount,
  ) {}

  /** @throws DomainError `invalid_fields`, `feature_not_found` */
  check(
    customer: Customer,
    product: string,
    question: CheckQuestion,
  ): Decision | Promise<Decision | { data: Decision[] }> {
    // A null of the caller counts as left out.
    const feature = question.feature ?? undefined;
    const features = question.features ?? undefined;
    if ((feature === undefined) === (features === undefined))
      throw invalidField('feature', 'is required unless features is given');
    if (features !== undefined) return this.checkMany(customer, product, features, question);
    const { quantity, entity, value } = unitsOrValue(question);
    const decision = this.metering.check({ customer, product, feature: feature!, quantity, entity, value });
    return decision instanceof Promise
      ? decision.then((made) => this.count.of('check', made, { product }))
      : this.count.of('check', decision, { product });
  }

  private async checkMany(
    customer: Customer,
    product: string,
    features: string[],
    { quantity, entity, value }: CheckQuestion,
  ): Promise<{ data: Decision[] }> {
    const single = Object.entries({ quantity, value }).find(([, given]) => (given ?? null) !== null);
    if (single) throw invalidField(single[0], 'must not be combined with features');
    const data = await this.metering.checkMany({ customer, product, entity: entity ?? undefined }, features);
    data.forEach((decision) => this.count.of('check', decision, { product }));
    return { data };
  }
}
