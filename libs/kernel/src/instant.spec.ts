import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isoText, parseInstant } from './instant.js';

const within = fc.date({
  min: new Date(0),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});
const two = (value: number): string => String(value).padStart(2, '0');

describe('parseInstant', () => {
  it('returns the instant of every text that toISOString writes', () => {
    fc.assert(fc.property(within, (at) => expect(parseInstant(at.toISOString())).toEqual(at)));
  });

  it('subtracts the offset', () => {
    const minutes = fc.integer({ min: -1_439, max: 1_439 });
    fc.assert(
      fc.property(within, minutes, (at, offset) => {
        const local = new Date(at.getTime() + offset * 60_000);
        fc.pre(local >= new Date(0) && local.getUTCFullYear() <= 9_999);
        const sign = offset < 0 ? '-' : '+';
        const [hour, minute] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
        const text = local.toISOString().replace('Z', `${sign}${two(hour)}:${two(minute)}`);
        expect(parseInstant(text)).toEqual(at);
      }),
    );
  });

  it('returns null or a valid time for any text that resembles one', () => {
    const pieces = [
      '2026',
      '-',
      '02',
      '29',
      '31',
      'T',
      't',
      '00',
      '24',
      ':',
      '60',
      '.',
      '123456',
      'Z',
      '+',
      ' ',
      'W01',
    ];
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 16 }).map((chosen) => chosen.join(''));
    fc.assert(fc.property(text, (one) => !Number.isNaN(parseInstant(one)?.getTime() ?? 0)));
  });

  it.each([null, undefined, 0, 1_773_000_000_000, new Date(0), {}, []])('returns null for %p', (value) => {
    expect(parseInstant(value)).toBeNull();
  });
});

describe('isoText', () => {
  it('is the ISO text of every date, also of one that was written before', () => {
    fc.assert(
      fc.property(fc.array(within, { minLength: 1 }), (dates) => {
        const twice = dates.flatMap((date) => [date, new Date(date), date]);
        expect(twice.map(isoText)).toEqual(twice.map((date) => date.toISOString()));
      }),
    );
  });
});
