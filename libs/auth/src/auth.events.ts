import { declareEvents } from '@app/events';

/**
 * Events of API keys and portal sessions, of reads by support and finance, and security events of authentication and
 * access.
 */
export const AUTH_EVENTS = declareEvents({
  'api_key.created': {
    subject: 'api_key',
    summary: 'An API key was created.',
    after: { name: 'billing', scopes: ['usage:write'], product: null },
  },
  'api_key.rotated': {
    subject: 'api_key',
    summary: 'An API key was replaced. The old key stays valid for `overlapSeconds`.',
    after: { name: 'billing', replacedBy: '01998a4e-8000-7000-8000-00000000000e', overlapSeconds: 86400 },
  },
  'api_key.revoked': { subject: 'api_key', summary: 'An API key was revoked.', after: { name: 'billing' } },
  'api_key.rejected': {
    subject: 'api_key',
    summary:
      'Requests carried an API key that is unknown or revoked, expired, or has another secret. `subject.id` is all zeros for an unknown key.',
    after: { prefix: 'tg_0123456789abcdef', count: 3, lastAt: '2026-11-21T09:00:41.000Z' },
    security: true,
  },
  'login.succeeded': {
    subject: 'user',
    summary: 'A user logged in, with the password or by single sign-on.',
    after: { count: 1, lastAt: '2026-11-21T09:00:00.000Z' },
    security: true,
  },
  'login.failed': {
    subject: 'user',
    summary:
      'A password was not accepted, at a login or before a command that needs it. `reason`: `wrong_password`, `unknown_account`, `inactive_account` or `too_many_attempts`. Where no account was looked up or found, the subject is an `account_reference`: a keyed hash of the e-mail address, which is also in `after.account`.',
    after: {
      account: '5f2b0c7a-3d61-8e94-a1b7-90c4d2e8f613',
      count: 12,
      lastAt: '2026-11-21T09:00:59.000Z',
    },
    security: true,
  },
  'single_sign_on.refused': {
    subject: 'user',
    summary:
      'The identity provider signed a user in, and the service refused it. `reason`: `email_not_verified`, `account_exists`, `inactive_account`, `role_not_assigned` or `last_admin`. Without an account the subject is an `account_reference`: a keyed hash of the identity, which is also in `after.account`.',
    after: {
      account: '5f2b0c7a-3d61-8e94-a1b7-90c4d2e8f613',
      count: 1,
      lastAt: '2026-11-21T09:00:59.000Z',
    },
    security: true,
  },
  'identity.linked': {
    subject: 'user',
    summary: 'A user was linked to an identity of the OpenID Connect provider.',
    after: { issuer: 'https://login.example.com' },
    auditOnly: true,
  },
  'second_factor.failed': {
    subject: 'user',
    summary:
      'A code of the second factor was not accepted, after the right password. `reason`: `wrong_code`, `too_many_attempts` or `not_readable` (encrypted with a previous SECRET_KEY).',
    after: { count: 2, lastAt: '2026-11-21T09:00:30.000Z' },
    security: true,
  },
  'second_factor.enabled': {
    subject: 'user',
    summary: 'A user enabled the second factor; all other sessions were revoked.',
  },
  'second_factor.disabled': {
    subject: 'user',
    summary: 'A user disabled the second factor; all other sessions were revoked.',
  },
  'second_factor.reset': {
    subject: 'user',
    summary: 'An admin deleted the second factor of a user; all sessions of the user were revoked.',
  },
  'second_factor.recovery_code_used': {
    subject: 'user',
    summary: 'A user logged in with a recovery code in place of a code of the app.',
  },
  'refresh_token.reused': {
    subject: 'user',
    summary: 'A rotated refresh token was used again, which revoked its session: the token may have been stolen.',
    after: {
      session: '01998a4e-8000-7000-8000-00000000000f',
      count: 1,
      lastAt: '2026-11-21T09:00:00.000Z',
    },
    security: true,
  },
  'access.refused': {
    subject: 'api_key',
    summary:
      'A caller was refused (403) because its role, the scopes of its key or its product do not allow the request. `reason` is the code of the problem; the subject is the caller.',
    after: {
      method: 'POST',
      route: '/v1/plans',
      needed: 'catalog:write',
      count: 2,
      lastAt: '2026-11-21T09:00:07.000Z',
    },
    security: true,
  },
  'portal_session.created': {
    subject: 'portal_session',
    summary: 'A one-time link to the portal of a customer was created. It is valid for 15 minutes.',
    after: { expiresAt: '2026-11-21T09:15:00.000Z' },
    auditOnly: true,
  },
  'portal_session.opened': {
    subject: 'portal_session',
    summary: 'The link of a portal session was used. The session acts for its customer until it expires.',
    after: { expiresAt: '2026-11-21T10:05:00.000Z' },
    auditOnly: true,
  },
  'portal_session.revoked': { subject: 'portal_session', summary: 'A portal session was revoked.', auditOnly: true },
  'portal_link.rejected': {
    subject: 'portal_session',
    summary:
      'The link of a portal session was not accepted. `reason`: `unknown`, `used`, `expired`, `revoked`, or `creator_or_customer_gone`. `subject.id` is all zeros for an unknown link.',
    after: { count: 1, lastAt: '2026-11-21T09:00:00.000Z' },
    security: true,
  },
  'support.read': {
    subject: 'customer',
    summary: 'A support user read data of a customer; for a list, the subject is the support user.',
    after: { method: 'GET', path: '/v1/customers/acme', query: [] },
    auditOnly: true,
  },
  'finance.read': {
    subject: 'customer',
    summary: 'A finance user read data of a customer; for a list, the subject is the finance user.',
    after: { method: 'GET', path: '/v1/invoices', query: ['status'] },
    auditOnly: true,
  },
});

declare module '@app/events' {
  interface DeclaredEvents {
    auth: typeof AUTH_EVENTS;
  }
}
