import { declareEvents } from '@app/events';

/** Events of user accounts. */
export const USER_EVENTS = declareEvents({
  'user.registered': { subject: 'user', summary: 'A user account was created.', after: { role: 'user' } },
  'user.updated': {
    subject: 'user',
    summary: 'A user changed the preferences of the account.',
    before: { mailEnabled: true, mutedMails: [], language: 'en' },
    after: { mailEnabled: true, mutedMails: ['renewal'], language: 'de' },
  },
  'user.standing_changed': {
    subject: 'user',
    summary: 'The role or the product of a user was changed, or the user was activated or deactivated.',
    before: { role: 'user', productId: null, active: true },
    after: { role: 'support', productId: null, active: true },
  },
  'user.password_changed': {
    subject: 'user',
    summary: 'The password of a user was changed; all other sessions were revoked.',
  },
  'user.email_verified': { subject: 'user', summary: 'A user verified the e-mail address of the account.' },
  'user.email_changed': { subject: 'user', summary: 'The e-mail address of a user was changed.' },
  'user.deleted': {
    subject: 'user',
    summary: 'An account was deleted and its personal data erased.',
    before: { role: 'user' },
  },
});

declare module '@app/events' {
  interface DeclaredEvents {
    users: typeof USER_EVENTS;
  }
}
