import { ensureBuilt } from '../scripts/build.mjs';
import { machine, median } from './support.mjs';

/** `npm run bench:documents`: the time of PDF and e-invoice of a usual and of a long invoice, in one process. */
const ROUNDS = Number(process.env.ROUNDS ?? 50);
const CASES = [
  { name: 'usual invoice, 3 lines', lines: 3 },
  { name: 'long invoice, 45 lines', lines: 45 },
  { name: 'very long invoice, 300 lines', lines: 300 },
];
const SPAN = { start: new Date('2026-06-01T00:00:00Z'), end: new Date('2026-07-01T00:00:00Z') };
const VAT = { rate: 'vat', name: 'VAT', percentage: '19', inclusive: false };
const address = (city, country) => ({
  line1: 'Straße 5',
  line2: null,
  postalCode: '10115',
  city,
  region: null,
  country,
});

function invoice(count) {
  const lines = Array.from({ length: count }, (_, index) => ({
    kind: 'subscription',
    description: `Seat of member ${index + 1} – Größe, Łódź, Αθήνα, Москва`,
    quantity: index + 1,
    unitAmount: '9.99',
    amount: (index + 1) * 999,
    service: SPAN,
    plan: null,
    addOn: null,
    feature: null,
    tiers: [],
    discount: 0,
    taxes: [VAT],
  }));
  const subtotal = lines.reduce((sum, { amount }) => sum + amount, 0);
  const tax = Math.round(subtotal * 0.19);
  const total = subtotal + tax;
  return {
    ...{ kind: 'invoice', id: '1', number: 'INV-2026-000123', invoice: null, issuedAt: SPAN.start, dueAt: SPAN.end },
    ...{ period: SPAN, currency: 'EUR', lines, discounts: [], taxes: [{ ...VAT, taxable: subtotal, amount: tax }] },
    ...{ subtotal, discountTotal: 0, taxTotal: tax, exclusiveTaxTotal: tax, total, paid: 0, due: total },
    ...{ settlement: null, reason: null, isCharged: true, language: 'de', timezone: 'Europe/Berlin' },
    seller: { name: 'Fjordlys GmbH', address: address('Berlin', 'DE'), taxId: 'DE136695976', email: 'a@example.com' },
    buyer: { name: 'Żółć S.A.', address: address('Łódź', 'PL'), taxId: 'PL5260250274', email: 'b@example.com' },
  };
}

async function measure(work) {
  const startedAt = performance.now();
  const { length } = await work();
  const firstMs = performance.now() - startedAt;
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  const worst = Math.max(...times);
  return `median ${median(times).toFixed(1)} ms, slowest ${worst.toFixed(1)} ms, first ${firstMs.toFixed(0)} ms, ${length.toLocaleString('en')} bytes`;
}

await ensureBuilt();
const { EInvoice, InvoicePdf } = await import('../dist/libs/documents/src/index.js');
const [pdf, eInvoice] = [new InvoicePdf(), new EInvoice()];
console.log(machine());
for (const { name, lines } of CASES) {
  const document = invoice(lines);
  console.log(`${name}: PDF ${await measure(() => pdf.render(document))}`);
  console.log(`${name}: e-invoice ${await measure(() => eInvoice.write(document))}`);
}
process.exit(0);
