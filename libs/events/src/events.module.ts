import { Global, Module } from '@nestjs/common';
import { AuditLog } from './audit-log.js';
import { EventKeys } from './event-keys.js';
import { Events } from './events.js';
import { EventFeed } from './feed.js';
import { EventPartitions } from './partitions.js';
import { EventPublisher } from './publisher.js';
import { SecurityEventsRepository } from './security-events.repository.js';
import { SecurityLog } from './security-log.js';

const PROVIDERS = [AuditLog, EventKeys, Events, EventFeed, EventPartitions, EventPublisher, SecurityLog];

/** Recording, publishing and reading of events. Imported once per process, beside PlatformModule. */
@Global()
@Module({ providers: [...PROVIDERS, SecurityEventsRepository], exports: PROVIDERS })
export class EventsModule {}
