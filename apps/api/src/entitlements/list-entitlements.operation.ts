import { Injectable } from '@nestjs/common';
import { type Decision, MeteringService, HistoricalDecisions, type UsageScope, type UsageSubject } from '@app/metering';

/** What a customer may do, now or at an earlier instant. */
@Injectable()
export class ListEntitlementsOperation {
  constructor(
    private readonly metering: MeteringService,
    private readonly past: HistoricalDecisions,
  ) {}

  all(scope: UsageScope, at: Date | undefined): Promise<Decision[]> {
    return at ? this.past.checkAll(scope, at) : this.metering.checkAll(scope);
  }

  one(subject: UsageSubject, at: Date | undefined): Promise<Decision> {
    return at ? this.past.check(subject, at) : this.metering.check({ ...subject, quantity: 1 });
  }
}
