import { Global, Module } from '@nestjs/common';
import { AuditLog } from './audit-log.js';
import { EventKeys } from './event-keys.js';
import { Events } from './events.js';
import { EventFeed } from './feed.js';
import { EventPartitions } from './partitions.js';
import { EventPublisher } from './publisher.js';

const PROVIDERS = [AuditLog, EventKeys, Events, EventFeed, EventPartitions, EventPublisher];

/** Recording, publishing and reading of events. Imported once per process, beside PlatformModule. */
@Global()
@Module({ providers: PROVIDERS, exports: PROVIDERS })
export class EventsModule {}
