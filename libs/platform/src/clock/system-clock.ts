import { Injectable } from '@nestjs/common';
import { Clock } from '@app/kernel';

/** The clock of this machine, in whole milliseconds. */
@Injectable()
export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }
}
