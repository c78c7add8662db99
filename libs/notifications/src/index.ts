export { NOTIFICATION_KINDS, type NotificationKind } from './domain/notification.js';
export { NotificationsModule } from './notifications.module.js';
export { NotificationsService, type RenderedNotification } from './notifications.service.js';
