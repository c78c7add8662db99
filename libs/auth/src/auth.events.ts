import { declareEvents } from '@app/events';

/** Events of API keys, and of reads by support. */
export const AUTH_EVENTS = declareEvents({
  'api_key.created': {
    subject: 'api_key',
    summary: 'An API key was made.',
    after: { name: 'billing', scopes: ['usage:write'], product: null },
  },
  'api_key.rotated': {
    subject: 'api_key',
    summary: 'Another key takes the place of one, which goes on for a while.',
    after: { name: 'billing', replacedBy: '01998a4e-8000-7000-8000-00000000000e', overlapSeconds: 86400 },
  },
  'api_key.revoked': { subject: 'api_key', summary: 'An API key is dead.', after: { name: 'billing' } },
  'support.read': {
    subject: 'customer',
    summary: 'Support looked at what is not its own: at a customer, or, told of itself, at a list.',
    after: { method: 'GET', path: '/v1/customers/acme', query: [] },
    auditOnly: true,
  },
});

declare module '@app/events' {
  interface DeclaredEvents {
    auth: typeof AUTH_EVENTS;
  }
}
