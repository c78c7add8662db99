import { Code } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { bodyOf, type Column, type Formats, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { api } from '../../../shell/session';
import { catalogueTexts } from '../catalogue-texts';
import { useChosenProduct } from '../parts/access';
import { ManagedList } from '../parts/managed-list';
import { CouponDialog } from './coupon-dialog';
import { salesTexts } from './sales-texts';

type Coupon = components['schemas']['CouponDto'];
type Texts = (typeof salesTexts)['en']['coupons'];

/** Coupons of the product and how often they were redeemed. */
export function CouponList(): ReactNode {
  const t = useTexts(salesTexts).coupons;
  const product = useChosenProduct();
  const [open, setOpen] = useState<{ coupon?: Coupon } | null>(null);
  return (
    <>
      <ManagedList
        name="coupons"
        title={t.title}
        create={t.create}
        empty={{ title: t.empty, hint: t.hint }}
        columns={useColumns()}
        read={(cursor) => bodyOf(api.GET('/v1/coupons', { params: { query: { product, cursor, limit: 50 } } }))}
        edit={(coupon) => setOpen({ coupon })}
        archive={({ key }) =>
          bodyOf(api.DELETE('/v1/coupons/{key}', { params: { path: { key }, query: { product } } }))
        }
        archiveEffect={t.archiveEffect}
      />
      {open && <CouponDialog coupon={open.coupon} onClose={() => setOpen(null)} />}
    </>
  );
}

function useColumns(): Column<Coupon>[] {
  const t = useTexts(salesTexts).coupons;
  const shared = useTexts(catalogueTexts);
  const formats = useFormats();
  return [
    { key: 'name', title: shared.name, cell: ({ name }) => name },
    { key: 'key', title: shared.key, wide: true, cell: ({ key }) => <Code>{key}</Code> },
    { key: 'discount', title: t.discount, cell: (coupon) => discountOf(coupon, t, formats) },
    {
      key: 'duration',
      title: t.duration,
      wide: true,
      cell: ({ duration, periods }) => (periods === null ? t.durations[duration] : t.forPeriods(periods)),
    },
    {
      key: 'redemptions',
      title: t.redemptions,
      numeric: true,
      cell: ({ redemptions, maxRedemptions }) =>
        maxRedemptions === null
          ? formats.number(redemptions)
          : t.ofMost(formats.number(redemptions), formats.number(maxRedemptions)),
    },
    {
      key: 'redeemBy',
      title: t.redeemBy,
      wide: true,
      cell: ({ redeemBy }) => (redeemBy ? formats.dateTime(redeemBy) : '–'),
    },
    { key: 'plans', title: t.plans, wide: true, cell: ({ plans }) => plans?.join(', ') ?? '–' },
  ];
}

const discountOf = ({ percentOff, amountOff, currency }: Coupon, t: Texts, formats: Formats): string =>
  percentOff === null ? formats.money(amountOff ?? 0, currency ?? 'EUR') : t.percent(percentOff);
