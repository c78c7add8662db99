import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AuthModule } from '@app/auth';
import { BillingModule } from '@app/billing';
import { DeliveriesModule } from '@app/deliveries';
import { DocumentsModule } from '@app/documents';
import { MeteringModule } from '@app/metering';
import { NotificationsModule } from '@app/notifications';
import { SubscriptionsModule } from '@app/subscriptions';
import { WebhooksModule } from '@app/webhooks';
import { AccountsJob } from './accounts.job.js';
import { Backlog } from './backlog.js';
import { BillingJobRunner } from './billing-job-runner.js';
import { BillingJob } from './billing.job.js';
import { CollectionJob } from './collection.job.js';
import { DeliveriesJob } from './deliveries.job.js';
import { DocumentsJob } from './documents.job.js';
import { IdempotencyPurgeJob } from './idempotency-purge.job.js';
import { JobRunner, JobsHold } from './job-runner.js';
import { LifecycleJob } from './lifecycle.job.js';
import { PaymentEventsJob } from './payment-events.job.js';
import { SecurityEventsJob } from './security-events.job.js';
import { UsageJob } from './usage.job.js';

/** The jobs. They persist what is already true: no request waits for them, and any number of workers may run them. */
@Module({
  imports: [
    ScheduleModule.forRoot(),
    AuthModule,
    SubscriptionsModule,
    MeteringModule,
    BillingModule,
    DeliveriesModule,
    DocumentsModule,
    WebhooksModule,
    NotificationsModule,
  ],
  providers: [
    AccountsJob,
    Backlog,
    BillingJob,
    BillingJobRunner,
    CollectionJob,
    DeliveriesJob,
    DocumentsJob,
    JobRunner,
    LifecycleJob,
    UsageJob,
    IdempotencyPurgeJob,
    PaymentEventsJob,
    SecurityEventsJob,
  ],
})
export class WorkerModule {
  /** The jobs, which wait until a promise resolves. */
  static after(released?: Promise<void>): DynamicModule {
    return { module: WorkerModule, providers: [{ provide: JobsHold, useValue: new JobsHold(released) }] };
  }
}
