/**
 * Lets what is ready at once go on together, after the requests that have arrived meanwhile have been read too. One answer at a
 * time, each wakes its caller by itself, and waking costs more than a short answer takes.
 */
export class CoalescedWakeups {
  private waiting: (() => void)[] = [];

  next(): Promise<void> {
    return new Promise((resolve) => {
      if (this.waiting.push(resolve) === 1) setImmediate(() => this.waiting.splice(0).forEach((goOn) => goOn()));
    });
  }
}
