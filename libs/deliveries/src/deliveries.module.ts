import { Module } from '@nestjs/common';
import { DeliveriesRepository } from './deliveries.repository.js';
import { DeliveriesService } from './deliveries.service.js';
import { Dispatcher } from './dispatcher.js';

@Module({ providers: [DeliveriesRepository, DeliveriesService, Dispatcher], exports: [DeliveriesService, Dispatcher] })
export class DeliveriesModule {}
