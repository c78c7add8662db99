import { Injectable } from '@nestjs/common';
import { type Decision, MeteringService, PastUsage, type UsageScope, type UsageSubject } from '@app/metering';

/** What a customer may do, now or at an earlier instant. */
@Injectable()
export class StandingOperation {
  constructor(
    private readonly metering: MeteringService,
    private readonly past: PastUsage,
  ) {}

  ofAll(scope: UsageScope, at: Date | undefined): Promise<Decision[]> {
    return at ? this.past.checkAll(scope, at) : this.metering.checkAll(scope);
  }

  of(subject: UsageSubject, at: Date | undefined): Promise<Decision> {
    return at ? this.past.check(subject, at) : this.metering.check({ ...subject, quantity: 1 });
  }
}
