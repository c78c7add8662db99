import { type Readable } from 'node:stream';
import { DomainError } from '@app/kernel';

const RETRY_SECONDS = 5;

/** Limits concurrent long responses of one caller, in each process: each holds memory and a connection. */
export class ConcurrencyLimit {
  private readonly running = new Map<string, number>();

  constructor(
    private readonly max: number,
    /** Plural name of the responses, for the error. */
    private readonly noun: string,
  ) {}

  /** Creates a stream and counts it until it is closed. @throws DomainError `too_many_at_once` */
  run<T extends Readable>(caller: string, make: () => T): T {
    const open = this.running.get(caller) ?? 0;
    if (open >= this.max)
      throw new DomainError(
        'limited',
        'too_many_at_once',
        `At most ${this.max} concurrent ${this.noun} are allowed; wait until one ends.`,
        {
          retryAfterSeconds: RETRY_SECONDS,
        },
      );
    this.running.set(caller, open + 1);
    const stream = make();
    stream.once('close', () => this.release(caller));
    return stream;
  }

  private release(caller: string): void {
    const left = this.running.get(caller)! - 1;
    if (left === 0) this.running.delete(caller);
    else this.running.set(caller, left);
  }
}
