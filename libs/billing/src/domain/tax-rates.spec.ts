import { describe, expect, it } from '@jest/globals';
import type { TaxRate } from '@app/catalog';
import fc from 'fast-check';
import { taxesOf, type TaxPlace } from './tax-rates.js';

const AT = new Date('2026-06-15T12:00:00.000Z');
const rate = (key: string, content: Partial<TaxRate> = {}): TaxRate => ({
  id: key,
  productId: 'p1',
  key,
  name: key.toUpperCase(),
  percentage: '19',
  inclusive: false,
  country: null,
  region: null,
  validFrom: null,
  validUntil: null,
  appliesTo: null,
  archivedAt: null,
  createdAt: AT,
  updatedAt: AT,
  ...content,
});
const goods = (keys: { plans?: string[]; addOns?: string[]; features?: string[] }) => ({
  plans: [],
  addOns: [],
  features: [],
  ...keys,
});
const PRO = { plan: { key: 'pro', name: 'Pro', version: 1 }, addOn: null, feature: null };
const keysOf = (
  rates: TaxRate[],
  place: TaxPlace | null,
  line: Parameters<typeof taxesOf>[0] = PRO,
  at = AT,
): string[] => taxesOf(line, { rates, place, taxExempt: 'none', at }).map((tax) => tax.rate);

describe('taxes of a line', () => {
  it('are a copy of the rate', () => {
    const vat = rate('vat', { percentage: '7.7', inclusive: true });
    expect(taxesOf(PRO, { rates: [vat], place: null, taxExempt: 'none', at: AT })).toEqual([
      { rate: 'vat', name: 'VAT', percentage: '7.7', inclusive: true },
    ]);
  });

  it.each(['exempt', 'reverse_charge'] as const)('are none for a buyer with %s', (taxExempt) => {
    expect(taxesOf(PRO, { rates: [rate('vat')], place: { country: 'DE' }, taxExempt, at: AT })).toEqual([]);
  });

  const everywhere = rate('world', { percentage: '1' });
  const german = rate('de', { country: 'DE' });
  const canadian = rate('ca', { country: 'CA', percentage: '5' });
  const columbian = [rate('bc-gst', { country: 'CA', region: 'BC' }), rate('bc-pst', { country: 'CA', region: 'BC' })];
  const rates = [...columbian, canadian, german, everywhere];
  it.each<[string, TaxPlace | null, string[]]>([
    ['of an unknown place', null, ['world']],
    ['elsewhere', { country: 'FR' }, ['world']],
    ['in its country', { country: 'DE', region: 'BC' }, ['de']],
    ['in a country, the region unknown', { country: 'CA', region: null }, ['ca']],
    ['in another region', { country: 'CA', region: 'QC' }, ['ca']],
    ['in its region, in any spelling: all of equal rank', { country: 'CA', region: ' bc ' }, ['bc-gst', 'bc-pst']],
  ])('are those of the smallest place, for a buyer %s', (_, place, expected) => {
    expect(keysOf(rates, place)).toEqual(expected);
  });

  const ordinary = rate('ordinary', { country: 'DE' });
  const books = rate('books', { country: 'DE', percentage: '7', appliesTo: goods({ plans: ['books'] }) });
  const seats = rate('seats', { country: 'DE', appliesTo: goods({ addOns: ['seats'] }) });
  const calls = rate('calls', { country: 'DE', appliesTo: goods({ features: ['calls'] }) });
  const ofBooks = { ...PRO, plan: { key: 'books', name: 'Books', version: 2 } };
  it.each([
    ['of another plan', PRO, ['ordinary']],
    ['of the plan', ofBooks, ['books']],
    ['of a feature of the plan', { ...ofBooks, feature: 'calls' }, ['calls']],
    ['of another feature of the plan', { ...ofBooks, feature: 'pages' }, ['books']],
    ['of an add-on beside the plan', { ...ofBooks, addOn: 'seats' }, ['seats']],
    ['of another add-on beside the plan', { ...ofBooks, addOn: 'more' }, ['ordinary']],
    ['written by hand', { plan: null, addOn: null, feature: null }, ['ordinary']],
  ])('are those of the narrowest goods, for a line %s', (_, line, expected) => {
    expect(keysOf([ordinary, books, seats, calls], { country: 'DE' }, line)).toEqual(expected);
  });

  it('prefer the place to the goods', () => {
    const worldBooks = rate('world-books', { appliesTo: goods({ plans: ['books'] }) });
    expect(keysOf([worldBooks, ordinary], { country: 'DE' }, ofBooks)).toEqual(['ordinary']);
    expect(keysOf([worldBooks, ordinary], { country: 'FR' }, ofBooks)).toEqual(['world-books']);
  });

  it('are in force from validFrom on, until validUntil', () => {
    const change = '2026-06-15T12:00:00.000Z';
    const [before, after] = [rate('before', { validUntil: change }), rate('after', { validFrom: change })];
    const ms = Date.parse(change);
    expect(keysOf([before, after], null, PRO, new Date(ms - 1))).toEqual(['before']);
    expect(keysOf([before, after], null, PRO, new Date(ms))).toEqual(['after']);
  });

  it('do not depend on the order of the rates, and are of one rank', () => {
    const any = fc.record({
      country: fc.constantFrom(null, 'DE', 'CA'),
      inRegion: fc.boolean(),
      appliesTo: fc.constantFrom(
        null,
        goods({ plans: ['pro'] }),
        goods({ features: ['calls'] }),
        goods({ plans: ['x'] }),
      ),
    });
    const list = fc
      .array(any, { maxLength: 8 })
      .map((found) =>
        found.map(({ country, inRegion, appliesTo }, index) =>
          rate(`r${index}`, { country, region: country && inRegion ? 'BC' : null, appliesTo }),
        ),
      );
    const place = fc.constantFrom(null, { country: 'CA', region: 'BC' }, { country: 'DE', region: null });
    const line = fc.constantFrom(PRO, { ...PRO, feature: 'calls' });
    fc.assert(
      fc.property(list, place, line, (found, buyer, sold) => {
        const keys = keysOf(found, buyer, sold);
        expect(keysOf([...found].reverse(), buyer, sold)).toEqual(keys);
        const chosen = found.filter(({ key }) => keys.includes(key));
        expect(new Set(chosen.map(({ country, region }) => `${country} ${region}`)).size).toBeLessThanOrEqual(1);
        expect(chosen.every(({ country }) => country === null || country === buyer?.country)).toBe(true);
      }),
    );
  });
});
