import { defineTexts } from '@tollgate/web';

export const termTexts = defineTexts(
  {
    unlimited: 'unlimited',
    without: (name: string) => `No ${name}`,
    perUnitFrom: (amount: string) => `from ${amount} per unit`,
    windows: {
      none: '',
      hour: ' per hour',
      day: ' per day',
      week: ' per week',
      month: ' per month',
      quarter: ' per quarter',
      year: ' per year',
      billing_period: ' per period',
    },
    per: { hour: 'per hour', day: 'per day', week: 'per week', month: 'per month', year: 'per year' },
    every: {
      hour: (count: number) => `every ${count} hours`,
      day: (count: number) => `every ${count} days`,
      week: (count: number) => `every ${count} weeks`,
      month: (count: number) => `every ${count} months`,
      year: (count: number) => `every ${count} years`,
    },
  },
  {
    unlimited: 'unbegrenzt',
    without: (name: string) => `Ohne ${name}`,
    perUnitFrom: (amount: string) => `ab ${amount} je Einheit`,
    windows: {
      none: '',
      hour: ' pro Stunde',
      day: ' pro Tag',
      week: ' pro Woche',
      month: ' pro Monat',
      quarter: ' pro Quartal',
      year: ' pro Jahr',
      billing_period: ' pro Zeitraum',
    },
    per: { hour: 'pro Stunde', day: 'pro Tag', week: 'pro Woche', month: 'pro Monat', year: 'pro Jahr' },
    every: {
      hour: (count: number) => `alle ${count} Stunden`,
      day: (count: number) => `alle ${count} Tage`,
      week: (count: number) => `alle ${count} Wochen`,
      month: (count: number) => `alle ${count} Monate`,
      year: (count: number) => `alle ${count} Jahre`,
    },
  },
);
