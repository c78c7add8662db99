import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AuthModule } from '@app/auth';
import { DeliveriesModule } from '@app/deliveries';
import { MeteringModule } from '@app/metering';
import { NotificationsModule } from '@app/notifications';
import { SubscriptionsModule } from '@app/subscriptions';
import { WebhooksModule } from '@app/webhooks';
import { AccountsJob } from './accounts.job.js';
import { Backlog } from './backlog.js';
import { DeliveriesJob } from './deliveries.job.js';
import { IdempotencyPurgeJob } from './idempotency-purge.job.js';
import { JobRunner } from './job-runner.js';
import { LifecycleJob } from './lifecycle.job.js';
import { SecurityEventsJob } from './security-events.job.js';
import { UsageJob } from './usage.job.js';

/** The jobs. They persist what is already true: no request waits for them, and any number of workers may run them. */
@Module({
  imports: [
    ScheduleModule.forRoot(),
    AuthModule,
    SubscriptionsModule,
    MeteringModule,
    DeliveriesModule,
    WebhooksModule,
    NotificationsModule,
  ],
  providers: [
    AccountsJob,
    Backlog,
    DeliveriesJob,
    JobRunner,
    LifecycleJob,
    UsageJob,
    IdempotencyPurgeJob,
    SecurityEventsJob,
  ],
})
export class WorkerModule {}
