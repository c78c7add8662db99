import type { EventDescription } from './event-description.js';

const CUSTOMER = { key: 'acme', region: 'US', deviceType: null, timezone: 'America/New_York', currency: 'USD' };
const ENDPOINT = {
  url: 'https://hooks.example.com/tollgate',
  types: ['subscription.*'],
  product: 'api',
  ownerUserId: '01998a4e-8000-7000-8000-00000000000b',
  enabled: true,
};

export const PEOPLE_EVENTS = {
  'customer.created': { subject: 'customer', summary: 'A customer is known.', after: CUSTOMER },
  'customer.updated': {
    subject: 'customer',
    summary: 'What is known of a customer has changed. Names and e-mail addresses are not told.',
    before: CUSTOMER,
    after: { ...CUSTOMER, timezone: 'Europe/Berlin' },
  },
  'customer.deleted': {
    subject: 'customer',
    summary: 'A customer was deleted: its contracts have ended, its key is free.',
  },
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
  'test_clock.created': {
    subject: 'test_clock',
    summary: 'A test clock was made.',
    after: { now: '2026-01-01T00:00:00.000Z' },
  },
  'test_clock.advanced': {
    subject: 'test_clock',
    summary: 'A test clock was moved, and everything that was due until then has happened.',
    before: { now: '2026-01-01T00:00:00.000Z' },
    after: { now: '2026-02-01T00:00:00.000Z' },
  },
  'webhook_endpoint.created': {
    subject: 'webhook_endpoint',
    summary: 'Events are told to another place.',
    after: ENDPOINT,
  },
  'webhook_endpoint.updated': {
    subject: 'webhook_endpoint',
    summary: 'A webhook endpoint was changed.',
    before: ENDPOINT,
    after: { ...ENDPOINT, types: [] },
  },
  'webhook_endpoint.secret_rotated': {
    subject: 'webhook_endpoint',
    summary: 'A webhook endpoint has another secret; the one before goes on for a while.',
    after: { overlapSeconds: 86400 },
  },
  'webhook_endpoint.disabled': {
    subject: 'webhook_endpoint',
    summary: 'Nothing is sent to a webhook endpoint any more: it answered 410, or it failed for three days.',
    before: ENDPOINT,
    after: { ...ENDPOINT, enabled: false, disabledReason: 'failing' },
  },
  'webhook_endpoint.deleted': {
    subject: 'webhook_endpoint',
    summary: 'A webhook endpoint was deleted, with what waited for it.',
    before: ENDPOINT,
  },
  'support.read': {
    subject: 'customer',
    summary: 'Support looked at what is not its own: at a customer, or, told of itself, at a list.',
    after: { method: 'GET', path: '/v1/customers/acme', query: [] },
    auditOnly: true,
  },
} as const satisfies Record<string, EventDescription>;
