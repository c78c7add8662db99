import { Badge, Card, Code, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type Formats, Loaded, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { AnchorLink } from '../../shell/anchor-link';
import { useMe } from '../../shell/me';
import { useProducts } from '../../shell/product';
import { SubscriptionActions } from './actions/subscription-actions';
import { type Customer, entitlementsQuery, historyQuery, type Subscription, subscriptionQuery } from './customer-reads';
import { customerTexts } from './customer-texts';
import { StatusBadge } from './status-badge';

/** Products whose subscriptions are looked up when the chosen product has none. */
const MAX_OTHERS = 20;

type Texts = (typeof customerTexts)['en'];

/** Identity of the customer and its live subscription. */
export function CustomerHead({ customer, product }: { customer: Customer; product: string }): ReactNode {
  const t = useTexts(customerTexts);
  return (
    <Card withBorder padding="md" component="section" aria-label={t.summary}>
      <Stack gap="sm">
        <Group gap="xs">
          <Code>{customer.key}</Code>
          {customer.email && <Text size="sm">{customer.email}</Text>}
          {customer.region && <Badge variant="default" tt="none">{`${t.region} ${customer.region}`}</Badge>}
          <Badge variant="default" tt="none">
            {customer.timezone}
          </Badge>
          {customer.testClock && (
            <Badge variant="default" tt="none" component={Link} to="/test-clocks" style={{ cursor: 'pointer' }}>
              {t.testClock}
            </Badge>
          )}
        </Group>
        <LiveSubscription customer={customer} product={product} />
      </Stack>
    </Card>
  );
}

function LiveSubscription({ customer, product }: { customer: Customer; product: string }): ReactNode {
  const { role } = useMe();
  const subscription = useQuery({ ...subscriptionQuery(customer.key, product), enabled: role !== 'finance' });
  // Decisions are made by the clock of the customer, which may be a test clock.
  const decisions = useQuery({ ...entitlementsQuery(customer.key, product), enabled: role !== 'finance' });
  const clock = { zone: customer.timezone, now: decisions.data?.data[0]?.asOf };
  return (
    <Loaded query={subscription} rows={2}>
      {(live) => (
        <Stack gap="sm">
          {live ? (
            <Terms subscription={live} clock={clock} />
          ) : (
            <OtherProducts customer={customer.key} product={product} />
          )}
          <SubscriptionActions customer={customer.key} product={product} subscription={live} />
        </Stack>
      )}
    </Loaded>
  );
}

/** Products of the other subscriptions, when there is none on the chosen product. */
function OtherProducts({ customer, product }: { customer: string; product: string }): ReactNode {
  const t = useTexts(customerTexts);
  const others = (useProducts() ?? []).filter(({ key }) => key !== product).slice(0, MAX_OTHERS);
  const histories = useQueries({ queries: others.map(({ key }) => historyQuery(customer, key)) });
  const subscribed = others.filter((_, index) => (histories[index]?.data?.data.length ?? 0) > 0);
  return (
    <Group gap="xs">
      <Text>{t.noSubscription(product)}</Text>
      {subscribed.map(({ key, name }) => (
        <AnchorLink key={key} to="/customers/$key" params={{ key: customer }} search={{ product: key }}>
          {t.subscribedOn(name)}
        </AnchorLink>
      ))}
    </Group>
  );
}

/** Time zone and present of the customer. */
interface Clock {
  zone: string;
  /** undefined: real time. */
  now: string | undefined;
}

function Terms({ subscription, clock }: { subscription: Subscription; clock: Clock }): ReactNode {
  const t = useTexts(customerTexts);
  const formats = useFormats();
  const { plan, status, addOns } = subscription;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm" component="dl" m={0}>
      <Fact label={t.plan}>
        <Group gap="xs">
          <span>
            {plan.name} {t.version(plan.version)}
          </span>
          <StatusBadge status={status} />
        </Group>
        {addOns.length > 0 && (
          <Text size="sm">{t.withAddOns(addOns.map(({ key, quantity }) => `${key} × ${quantity}`).join(', '))}</Text>
        )}
      </Fact>
      <Fact label={t.price}>{priceText(subscription, t, formats)}</Fact>
      <Fact label={t.period}>{periodText(subscription, clock.zone, t, formats)}</Fact>
      <Fact label={t.next}>{nextText(subscription, clock, t, formats)}</Fact>
    </SimpleGrid>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return (
    <div>
      <Text size="xs" c="dimmed" component="dt">
        {label}
      </Text>
      <Text component="dd" m={0} fw={500}>
        {children}
      </Text>
    </div>
  );
}

function priceText({ price, quantity }: Subscription, t: Texts, formats: Formats): string {
  const every = price.intervalCount === 1 ? t.each[price.interval] : t.every(price.intervalCount, price.interval);
  const amount = price.tiers ? t.tiered(price.currency) : formats.money(price.amount, price.currency);
  return quantity === 1 ? `${amount} ${every}` : `${formats.number(quantity)} × ${amount} ${every}`;
}

function periodText(
  { currentPeriodStart, currentPeriodEnd }: Subscription,
  zone: string,
  t: Texts,
  formats: Formats,
): string {
  const start = formats.date(currentPeriodStart, zone);
  return currentPeriodEnd ? `${start} – ${formats.date(currentPeriodEnd, zone)}` : t.indefinite(start);
}

/** The next event that happens without a command: the first rule that applies says it. */
function nextText(subscription: Subscription, { zone, now }: Clock, t: Texts, formats: Formats): string {
  const day = (instant: string | null): string =>
    instant
      ? `${formats.date(instant, zone)} (${formats.relative(instant, now ? new Date(now).getTime() : undefined)})`
      : '';
  const { status, scheduledChange: change, currentPeriodEnd: end } = subscription;
  if (status === 'paused') return t.nextPaused;
  if (status === 'past_due')
    return subscription.graceEndsAt ? t.nextGrace(day(subscription.graceEndsAt)) : t.nextPastDue;
  if (subscription.cancelAtPeriodEnd || status === 'canceled') return t.nextCancel(day(end));
  if (change) return t.nextChange(change.plan.name, change.plan.version, day(change.effectiveAt));
  if (status === 'trialing') return t.nextTrialEnd(day(subscription.trialEnd));
  if (!end) return t.nextNone;
  if (subscription.endsAt === end) return t.nextAgreedEnd(day(end));
  if (subscription.autoRenew || subscription.prepaidPeriods > 0) return t.nextRenewal(day(end));
  return t.nextExpiry(day(end));
}
