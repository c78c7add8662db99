import { Module } from '@nestjs/common';
import { CustomersModule } from '@app/customers';
import { DeliveriesModule } from '@app/deliveries';
import { UsersModule } from '@app/users';
import { NotificationMail } from './notification-mail.js';
import { NotificationsRepository } from './notifications.repository.js';
import { NotificationsService } from './notifications.service.js';

@Module({
  imports: [CustomersModule, DeliveriesModule, UsersModule],
  providers: [NotificationMail, NotificationsRepository, NotificationsService],
  exports: [NotificationsService],
})
export class NotificationsModule {}
