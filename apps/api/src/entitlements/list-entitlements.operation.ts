import { Injectable } from '@nestjs/common';
import { type Decision, MeteringService, HistoricalDecisions, type UsageScope, type UsageSubject } from '@app/metering';

/** Decides what a customer may use, now or at an earlier instant. */
@Injectable()
export class ListEntitlementsOperation {
  constructor(
    private readonly metering: MeteringService,
    private readonly history: HistoricalDecisions,
  ) {}

  all(scope: UsageScope, at: Date | undefined): Promise<Decision[]> {
    return at ? this.history.checkAll(scope, at) : this.metering.checkAll(scope);
  }

  async one(subject: UsageSubject & { entity?: string }, at: Date | undefined): Promise<Decision> {
    return at ? this.history.check(subject, at) : this.metering.check({ ...subject, quantity: 1 });
  }
}
