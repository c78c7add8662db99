/** A part of the price of a cycle. Amounts are in minor units, instants are midnights in UTC. */
export interface PartCase {
  id: string;
  amount: number;
  part: [string, string];
  cycle: [string, string];
  expected: number;
}

/** Amounts on which all correct systems agree. Halves are rounded up; the parts of a cycle sum up to its price. */
export const PART_CASES: PartCase[] = [
  {
    id: 'PR-01',
    amount: 10_000,
    part: ['2026-01-01', '2026-01-16'],
    cycle: ['2026-01-01', '2026-02-01'],
    expected: 4_839,
  },
  {
    id: 'PR-03 (JPY)',
    amount: 1_000,
    part: ['2026-01-01', '2026-01-11'],
    cycle: ['2026-01-01', '2026-02-01'],
    expected: 323,
  },
  {
    id: 'PR-03 (KWD, three decimals)',
    amount: 100_000,
    part: ['2026-01-01', '2026-01-11'],
    cycle: ['2026-01-01', '2026-02-01'],
    expected: 32_258,
  },
  {
    id: 'PR-16 credit',
    amount: 239_995,
    part: ['2012-05-11', '2013-05-01'],
    cycle: ['2012-05-01', '2013-05-01'],
    expected: 233_420,
  },
  {
    id: 'PR-16 charge',
    amount: 24_995,
    part: ['2012-05-11', '2012-06-01'],
    cycle: ['2012-05-01', '2012-06-01'],
    expected: 16_932,
  },
  {
    id: 'PR-18 credit',
    amount: 24_995,
    part: ['2012-03-04', '2012-04-02'],
    cycle: ['2012-03-02', '2012-04-02'],
    expected: 23_382,
  },
  {
    id: 'PR-18 charge',
    amount: 24_995,
    part: ['2012-04-05', '2012-05-02'],
    cycle: ['2012-04-02', '2012-05-02'],
    expected: 22_496,
  },
  {
    id: 'PR-19 /30',
    amount: 24_995,
    part: ['2016-05-01', '2016-05-15'],
    cycle: ['2016-04-15', '2016-05-15'],
    expected: 11_664,
  },
  {
    id: 'PR-19 /31',
    amount: 24_995,
    part: ['2016-06-01', '2016-06-15'],
    cycle: ['2016-05-15', '2016-06-15'],
    expected: 11_288,
  },
  {
    id: 'PR-19 26/31',
    amount: 24_995,
    part: ['2016-07-15', '2016-08-10'],
    cycle: ['2016-07-10', '2016-08-10'],
    expected: 20_964,
  },
  {
    id: 'PR-21 small',
    amount: 39_995,
    part: ['2015-10-01', '2015-10-31'],
    cycle: ['2015-10-01', '2015-11-01'],
    expected: 38_705,
  },
  {
    id: 'PR-21 large',
    amount: 99_995,
    part: ['2015-10-01', '2015-10-31'],
    cycle: ['2015-10-01', '2015-11-01'],
    expected: 96_769,
  },
  // Policy: intervals are half open, so the last day is not counted (PR-24 states 320.00 for inclusive counting).
  {
    id: 'PR-24',
    amount: 91_000,
    part: ['2024-05-20', '2024-06-20'],
    cycle: ['2024-04-15', '2024-07-15'],
    expected: 31_000,
  },
  {
    id: 'PR-25 credit',
    amount: 1_000,
    part: ['2023-09-28', '2023-09-29'],
    cycle: ['2023-08-29', '2023-09-29'],
    expected: 32,
  },
  // Policy: an empty part costs 0, the whole cycle the full price, and a longer part no more than that.
  {
    id: 'PR-04 full',
    amount: 10_000,
    part: ['2026-01-01', '2026-02-01'],
    cycle: ['2026-01-01', '2026-02-01'],
    expected: 10_000,
  },
  {
    id: 'PR-04 longer',
    amount: 10_000,
    part: ['2025-12-01', '2026-03-01'],
    cycle: ['2026-01-01', '2026-02-01'],
    expected: 10_000,
  },
  {
    id: 'PR-04 zero service',
    amount: 10_000,
    part: ['2026-01-10', '2026-01-10'],
    cycle: ['2026-01-01', '2026-02-01'],
    expected: 0,
  },
  {
    id: 'PR-04 zero cycle',
    amount: 10_000,
    part: ['2026-01-01', '2026-01-01'],
    cycle: ['2026-01-01', '2026-01-01'],
    expected: 0,
  },
];

type Price = [amount: number, interval: 'month' | 'year'];

/** An immediate change and its proration lines. */
export interface ChangeCase {
  id: string;
  from: Price;
  to: Price;
  quantity?: [number, number];
  start: string;
  at: string;
  credit: number;
  charge: number;
}

/** The same interval keeps its period. Policy: another interval starts a period at the change, charged in full. */
export const CHANGE_CASES: ChangeCase[] = [
  {
    id: 'PR-05',
    from: [10_000, 'month'],
    to: [30_000, 'month'],
    start: '2025-06-01',
    at: '2025-06-16',
    credit: 5_000,
    charge: 15_000,
  },
  {
    id: 'PR-07',
    from: [10_000, 'month'],
    to: [30_000, 'month'],
    start: '2024-02-18',
    at: '2024-02-25',
    credit: 7_586,
    charge: 22_759,
  },
  {
    id: 'PR-08',
    from: [100_000, 'year'],
    to: [300_000, 'year'],
    start: '2024-08-01',
    at: '2024-10-01',
    credit: 83_288,
    charge: 249_863,
  },
  {
    id: 'PR-10',
    from: [100_000, 'year'],
    to: [300_000, 'year'],
    start: '2023-02-18',
    at: '2023-09-05',
    credit: 45_479,
    charge: 136_438,
  },
  {
    id: 'PR-11',
    from: [10_000, 'month'],
    to: [100_000, 'year'],
    start: '2025-06-01',
    at: '2025-06-16',
    credit: 5_000,
    charge: 100_000,
  },
  {
    id: 'PR-12',
    from: [100_000, 'year'],
    to: [10_000, 'month'],
    start: '2025-06-01',
    at: '2025-08-13',
    credit: 80_000,
    charge: 10_000,
  },
  {
    id: 'PR-13',
    from: [100_000, 'year'],
    to: [10_000, 'month'],
    start: '2024-02-18',
    at: '2024-04-19',
    credit: 83_333,
    charge: 10_000,
  },
  {
    id: 'PR-14',
    from: [1_000, 'month'],
    to: [1_000, 'month'],
    quantity: [5, 8],
    start: '2025-06-01',
    at: '2025-06-16',
    credit: 2_500,
    charge: 4_000,
  },
  {
    id: 'PR-15a',
    from: [1_500, 'month'],
    to: [1_500, 'month'],
    quantity: [5, 10],
    start: '2025-06-01',
    at: '2025-06-11',
    credit: 5_000,
    charge: 10_000,
  },
  {
    id: 'PR-15b',
    from: [2_000, 'month'],
    to: [2_000, 'month'],
    quantity: [10, 12],
    start: '2025-06-01',
    at: '2025-06-16',
    credit: 10_000,
    charge: 12_000,
  },
  {
    id: 'PR-15c',
    from: [1_500, 'month'],
    to: [1_500, 'month'],
    quantity: [10, 7],
    start: '2025-06-01',
    at: '2025-06-16',
    credit: 7_500,
    charge: 5_250,
  },
];
