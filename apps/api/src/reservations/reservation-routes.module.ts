import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { MeteringModule } from '@app/metering';
import { UsageRoutesModule } from '../usage/usage-routes.module.js';
import { ReservationAccess } from './reservation-access.js';
import { ReservationsController } from './reservations.controller.js';

@Module({
  imports: [CatalogModule, CustomersModule, MeteringModule, UsageRoutesModule],
  controllers: [ReservationsController],
  providers: [ReservationAccess],
})
export class ReservationRoutesModule {}
