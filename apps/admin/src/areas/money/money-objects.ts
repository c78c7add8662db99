import type { components } from '@tollgate/schema';

export type Invoice = components['schemas']['InvoiceDto'];
export type Payment = components['schemas']['PaymentDto'];
