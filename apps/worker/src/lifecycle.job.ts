import { Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { PassingTimeService, PlanMovesService } from '@app/subscriptions';

/** Writes down what time has done to subscriptions, and moves those whose plan is being moved. */
@Injectable()
export class LifecycleJob {
  private readonly logger = new Logger('LifecycleJob');

  constructor(
    private readonly time: PassingTimeService,
    private readonly moves: PlanMovesService,
  ) {}

  @Cron('* * * * * *', { waitForCompletion: true })
  async run(): Promise<void> {
    try {
      const swept = await this.time.sweep();
      if (swept > 0) this.logger.log(`${swept} subscriptions brought up to date`);
    } catch (error) {
      this.logger.error(error instanceof Error ? error.stack : error);
    }
  }

  @Cron('* * * * * *', { waitForCompletion: true })
  async move(): Promise<void> {
    try {
      while (await this.moves.step());
    } catch (error) {
      this.logger.error(error instanceof Error ? error.stack : error);
    }
  }
}
