import { declareEvents } from '@app/events';

/** Events of user accounts. */
export const USER_EVENTS = declareEvents({
  'user.registered': { subject: 'user', summary: 'Somebody has an account.', after: { role: 'user' } },
  'user.updated': {
    subject: 'user',
    summary: 'Somebody changed their own account.',
    before: { mailEnabled: true, mutedMails: [], language: 'en' },
    after: { mailEnabled: true, mutedMails: ['renewal'], language: 'de' },
  },
  'user.standing_changed': {
    subject: 'user',
    summary: 'Somebody may do something else now, or nothing.',
    before: { role: 'user', productId: null, active: true },
    after: { role: 'support', productId: null, active: true },
  },
  'user.password_changed': { subject: 'user', summary: 'Somebody has another password; all other logins have ended.' },
  'user.email_verified': { subject: 'user', summary: 'Somebody has proved to read their mail.' },
  'user.email_changed': { subject: 'user', summary: 'Somebody has another e-mail address.' },
  'user.deleted': { subject: 'user', summary: 'An account was deleted: who it was is gone.', before: { role: 'user' } },
});

declare module '@app/events' {
  interface DeclaredEvents {
    users: typeof USER_EVENTS;
  }
}
