import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AuthModule } from '@app/auth';
import { MeteringModule } from '@app/metering';
import { SubscriptionsModule } from '@app/subscriptions';
import { AccountsJob } from './accounts.job.js';
import { IdempotencyPurgeJob } from './idempotency-purge.job.js';
import { LifecycleJob } from './lifecycle.job.js';
import { UsageJob } from './usage.job.js';

/** The jobs. They write down what is already true: nothing waits for them, and any number of workers may run them. */
@Module({ imports: [ScheduleModule.forRoot(), AuthModule, SubscriptionsModule, MeteringModule], providers: [AccountsJob, LifecycleJob, UsageJob, IdempotencyPurgeJob] })
export class WorkerModule {}
