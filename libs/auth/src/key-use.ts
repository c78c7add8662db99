import { type BeforeApplicationShutdown, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';
import { AuthRepository } from './auth.repository.js';

const FLUSH_MS = 60_000;

/** Last use of API keys: collected in memory on every request, stored once a minute. */
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

  /** Stores the uses since the last flush. After a failure they are stored by the next one. */
  async flush(): Promise<void> {
    const ids = [...this.used];
    if (ids.length === 0) return;
    this.used.clear();
    try {
      await this.database.transaction(() => this.repository.touchApiKeys(ids, this.clock.now()));
    } catch (error) {
      ids.forEach((id) => this.used.add(id));
      this.logger.debug(`Failed to store the last use of API keys; will retry: ${String(error)}`);
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
