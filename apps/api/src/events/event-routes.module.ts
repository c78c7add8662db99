import { Module } from '@nestjs/common';
import { AuthModule } from '@app/auth';
import { EventTail } from './event-tail.js';
import { EventsController } from './events.controller.js';
import { StreamEventsOperation } from './stream-events.operation.js';

@Module({ imports: [AuthModule], controllers: [EventsController], providers: [EventTail, StreamEventsOperation] })
export class EventRoutesModule {}
