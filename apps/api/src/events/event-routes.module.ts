import { Module } from '@nestjs/common';
import { AuthModule } from '@app/auth';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { EventTail } from './event-tail.js';
import { EventsController } from './events.controller.js';
import { StreamEventsOperation } from './stream-events.operation.js';

@Module({ imports: [AuthModule, CatalogModule, CustomersModule], controllers: [EventsController], providers: [EventTail, StreamEventsOperation] })
export class EventRoutesModule {}
