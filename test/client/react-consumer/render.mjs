import { Gate, TollgateProvider, UsageBar } from '@tollgate/react';
import { createElement as h, version } from 'react';
import { renderToString } from 'react-dom/server';

/** Renders the components on a server, with the state that the host has read, and without it. */
const decision = (feature, rest) => ({
  feature,
  customer: 'acme',
  type: 'metered',
  requested: 1,
  reason: null,
  source: null,
  asOf: '2027-01-01T00:00:00.000Z',
  ...rest,
});
const entitlements = [
  decision('calls', { allowed: true, used: 1200, limit: 3000, resetsAt: '2027-02-01T00:00:00.000Z' }),
  decision('export', { allowed: false, type: 'boolean', value: false }),
];
const page = (props) =>
  renderToString(
    h(
      TollgateProvider,
      {
        url: 'https://tollgate.example.com',
        fetchToken: () => Promise.reject(new Error('no call on the server')),
        ...props,
      },
      h(UsageBar, { feature: 'calls', label: '<b>Calls</b>' }),
      h(Gate, { feature: 'export', fallback: 'upgrade' }, 'export'),
      h(Gate, { feature: 'calls', fallback: 'no calls' }, 'has calls'),
      h(Gate, { feature: 'unknown', fallback: 'denied', loading: 'wait' }, 'open'),
    ),
  );
console.log(
  JSON.stringify({
    version,
    known: page({ initial: { entitlements } }),
    german: page({ initial: { entitlements }, language: 'de', unstyled: true }),
    loading: page({}),
  }),
);
