export { NOTIFICATION_KINDS, type NotificationKind } from './domain/notification.js';
export { NotificationsModule } from './notifications.module.js';
export type { Mailbox } from './notifications.repository.js';
export { NotificationsService, type RenderedNotification } from './notifications.service.js';
