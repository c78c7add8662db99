/** Groups of operations, in the order of the page at /docs. A controller names one of them in `@ApiTags`. */
export const TAGS = {
  Auth: 'Accounts and sessions: register, log in, refresh and log out; passwords and e-mail addresses.',
  People: 'User accounts: your own profile and its data, and the administration of all accounts.',
  'API keys': 'Credentials of services, with scopes, and optionally one product and an expiry time.',
  Catalogue: 'Products, features, plans and their versions, one by one or as one document per product.',
  Customers: 'The parties that subscribe, under keys that the caller chooses.',
  Subscriptions: 'Agreements of customers on a product: start, change, cancel, pause, renew, and their history.',
  Billing: 'Settings, coupons and tax rates of a product; invoices, payments and the billing profiles of customers.',
  'Entitlements and usage':
    'Decisions on what a customer may do now, and the usage that is counted; grants and overrides.',
  'Test clocks': 'Clocks that move only when they are advanced, to test months of a subscription in seconds.',
  Webhooks: 'Endpoints that receive events, their deliveries, and the messages that they receive.',
  Portal: 'Links that open the own pages of a customer, their sessions, and how the pages look.',
  Notifications: 'Texts for users in the application, in their language.',
  Events: 'Events as they happen, as server-sent events.',
  Audit: 'The changes that users and API keys made, with actor, address and request id.',
  Numbers: 'Statistics of a product: subscriptions, recurring revenue, usage.',
  Health: 'Probes and metrics for operators and infrastructure.',
} as const;
