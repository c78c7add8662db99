import { Injectable } from '@nestjs/common';
import { Clock } from '@app/kernel';

/** Time of a process that lives in the past. It is constant until it is set. */
@Injectable()
export class SimulatedClock extends Clock {
  // eslint-disable-next-line no-restricted-syntax -- this is a clock
  private static at = Date.now();

  now(): Date {
    return new Date(SimulatedClock.at);
  }

  /** Sets the time, for ids too: they begin with the time of their creation. */
  static set(at: Date): void {
    SimulatedClock.at = at.getTime();
    Date.now = () => SimulatedClock.at;
  }
}
