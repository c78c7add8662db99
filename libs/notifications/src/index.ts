export { NOTIFICATION_KINDS, type NotificationKind } from './domain/notification.js';
export { NotificationsModule } from './notifications.module.js';
export { NotificationsService, type ToldNotification } from './notifications.service.js';
