import { type BeforeApplicationShutdown, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';
import { AuthRepository } from './auth.repository.js';

const FLUSH_MS = 60_000;

/** When API keys were used last, to the minute: remembered with every use, written down once in a while. */
@Injectable()
export class KeyUse implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('KeyUse');
  private readonly used = new Set<string>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly repository: AuthRepository,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  seen(keyId: string): void {
    this.used.add(keyId);
  }

  /** Writes down what was used since the last time. */
  async flush(): Promise<void> {
    const ids = [...this.used];
    if (ids.length === 0) return;
    this.used.clear();
    try {
      await this.database.transaction(() => this.repository.touchApiKeys(ids, this.clock.now()));
    } catch (error) {
      ids.forEach((id) => this.used.add(id));
      this.logger.debug(`The use of keys is written down later: ${String(error)}`);
    }
  }

  onModuleInit(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.flush();
  }
}
