import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { MeteringModule } from '@app/metering';
import { SubscriptionsModule } from '@app/subscriptions';
import { IdempotencyPurgeJob } from './idempotency-purge.job.js';
import { LifecycleJob } from './lifecycle.job.js';
import { UsageJob } from './usage.job.js';

/** The jobs. They write down what is already true: nothing waits for them, and any number of workers may run them. */
@Module({ imports: [ScheduleModule.forRoot(), SubscriptionsModule, MeteringModule], providers: [LifecycleJob, UsageJob, IdempotencyPurgeJob] })
export class WorkerModule {}
