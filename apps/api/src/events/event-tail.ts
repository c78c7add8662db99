import { Injectable, Logger } from '@nestjs/common';
import { EventFeed } from '@app/events';

const POLL_MS = 200;

/** Polls the last feed position once for all streams of a process. */
@Injectable()
export class EventTail {
  private readonly logger = new Logger('EventTail');
  private readonly waiting = new Set<() => void>();
  private last = 0;
  private polling = false;

  constructor(private readonly feed: EventFeed) {}

  /** Waits for an entry after a position, up to a timeout. @returns the last position of the feed */
  async after(position: number, timeoutMs: number, signal: AbortSignal): Promise<number> {
    if (this.last > position || signal.aborted) return this.last;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      signal.addEventListener('abort', done);
      this.waiting.add(done);
      if (!this.polling) void this.poll();
    });
    return this.last;
  }

  private async poll(): Promise<void> {
    this.polling = true;
    while (this.waiting.size > 0) {
      try {
        const last = await this.feed.last();
        if (last > this.last) {
          this.last = last;
          [...this.waiting].forEach((wake) => wake());
        }
      } catch (error) {
        this.logger.warn(`Reading the event feed failed: ${error instanceof Error ? error.message : String(error)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    this.polling = false;
  }
}
