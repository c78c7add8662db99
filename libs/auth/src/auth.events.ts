import { declareEvents } from '@app/events';

/** Events of API keys, and of reads by support. */
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
  'support.read': {
    subject: 'customer',
    summary: 'A support user read data of a customer; for a list, the subject is the support user.',
    after: { method: 'GET', path: '/v1/customers/acme', query: [] },
    auditOnly: true,
  },
});

declare module '@app/events' {
  interface DeclaredEvents {
    auth: typeof AUTH_EVENTS;
  }
}
