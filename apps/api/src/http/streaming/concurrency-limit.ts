import { type Readable } from 'node:stream';
import { DomainError } from '@app/kernel';

const RETRY_SECONDS = 5;

/** Long answers are dear: so many at once for one caller, in each process. */
export class ConcurrencyLimit {
  private readonly underWay = new Map<string, number>();

  constructor(
    private readonly most: number,
    private readonly what: string,
  ) {}

  /** Counts what `make` makes until it is over. @throws DomainError `too_many_at_once` */
  run<T extends Readable>(caller: string, make: () => T): T {
    const running = this.underWay.get(caller) ?? 0;
    if (running >= this.most)
      throw new DomainError('limited', 'too_many_at_once', `Wait for the ${this.what} that are under way.`, {
        retryAfterSeconds: RETRY_SECONDS,
      });
    this.underWay.set(caller, running + 1);
    const stream = make();
    stream.once('close', () => this.release(caller));
    return stream;
  }

  private release(caller: string): void {
    const left = this.underWay.get(caller)! - 1;
    if (left === 0) this.underWay.delete(caller);
    else this.underWay.set(caller, left);
  }
}
