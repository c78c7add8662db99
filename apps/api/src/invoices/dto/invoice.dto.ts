import {
  type Collection,
  COLLECTIONS,
  type Invoice,
  INVOICE_PURPOSES,
  INVOICE_STATUSES,
  type InvoiceDiscount,
  type InvoiceLine,
  type InvoicePurpose,
  type InvoiceStatus,
  type InvoiceTax,
  LINE_KINDS,
  type LineKind,
  type LineTax,
  type Party,
  TAX_EXEMPTIONS,
  type TaxExempt,
  type TierCharge,
} from '@app/billing';
import { ApiProperty } from '@nestjs/swagger';
import { StoredAddressDto } from '../../billing-profiles/dto/address.dto.js';

export class InvoicePlanDto {
  key: string;
  name: string;
  version: number;
}

/** One tier of the quantity of a line. */
export class InvoiceTierDto {
  /** First unit of the tier that was charged. */
  from: number;
  /** Last unit of the tier that was charged. */
  to: number;
  /** Units, or packages. */
  quantity: number;
  /** Decimal, in major units. @example "8.00" */
  unitAmount: string;
  /** Decimal, in major units; null: none. */
  flatAmount: string | null;
  /** Minor units, exact: only the line is rounded. @example "72000" */
  amount: string;

  static of({ from, to, quantity, unitAmount, flatAmount, amount }: TierCharge): InvoiceTierDto {
    return { from, to, quantity, unitAmount, flatAmount: flatAmount ?? null, amount };
  }
}

/** A tax rate of a line. */
export class InvoiceLineTaxDto {
  /** Key of the tax rate. */
  rate: string;
  name: string;
  /** Percent. @example "19" */
  percentage: string;
  inclusive: boolean;

  static of({ rate, name, percentage, inclusive }: LineTax): InvoiceLineTaxDto {
    return { rate, name, percentage, inclusive };
  }
}

/** A line of an invoice. Amounts are minor units, negative for a credit. */
export class InvoiceLineDto {
  @ApiProperty({ enum: LINE_KINDS, example: 'subscription' })
  kind: LineKind;
  description: string;
  quantity: number;
  /** Decimal in major units, for a whole period; null when tiers decide. @example "29.99" */
  unitAmount: string | null;
  amount: number;
  /** Its share of the discounts. */
  discount: number;
  /** Start of the service that it pays for. */
  periodStart: Date;
  /** End of that service, exclusive. */
  periodEnd: Date;
  plan: InvoicePlanDto | null;
  /** Key of the add-on. */
  addOn: string | null;
  /** Key of the feature whose usage it charges. */
  feature: string | null;
  tiers: InvoiceTierDto[];
  taxes: InvoiceLineTaxDto[];

  static of({ service, tiers, taxes, plan, ...line }: InvoiceLine): InvoiceLineDto {
    const { kind, description, quantity, unitAmount, amount, discount, addOn, feature } = line;
    return {
      kind,
      description,
      quantity,
      unitAmount,
      amount,
      discount,
      periodStart: service.start,
      periodEnd: service.end,
      plan: plan && { key: plan.key, name: plan.name, version: plan.version },
      addOn,
      feature,
      tiers: tiers.map(InvoiceTierDto.of),
      taxes: taxes.map(InvoiceLineTaxDto.of),
    };
  }
}

/** A coupon on an invoice. */
export class InvoiceDiscountDto {
  /** Key of the coupon. */
  coupon: string;
  name: string;
  /** Percent; null for an amount. @example "20" */
  percentOff: string | null;
  /** Minor units; null for a percentage. */
  amountOff: number | null;
  /** The amount that it takes off this invoice, in minor units. */
  amount: number;

  static of({ coupon, name, percentOff, amountOff, amount }: InvoiceDiscount): InvoiceDiscountDto {
    return { coupon, name, percentOff, amountOff, amount };
  }
}

/** The tax of one rate over all lines that have it, rounded once. */
export class InvoiceTaxDto extends InvoiceLineTaxDto {
  /** Net amount that is taxed, after discounts, in minor units. */
  taxable: number;
  amount: number;

  static override of({ taxable, amount, ...tax }: InvoiceTax): InvoiceTaxDto {
    return { ...InvoiceLineTaxDto.of(tax), taxable, amount };
  }
}

/** Seller or buyer: a copy from the time of finalization. */
export class InvoicePartyDto {
  name: string;
  address: StoredAddressDto | null;
  taxId: string | null;
  email: string | null;
  /** Of the seller: how to pay. */
  paymentDetails: string | null;
  /** Of the buyer. */
  @ApiProperty({ enum: TAX_EXEMPTIONS, nullable: true })
  taxExempt: TaxExempt | null;

  static of({ name, address, taxId, email, paymentDetails, taxExempt }: Party): InvoicePartyDto {
    return {
      name,
      address: address && { ...address },
      taxId,
      email,
      paymentDetails: paymentDetails ?? null,
      taxExempt: taxExempt ?? null,
    };
  }
}

/** An invoice with the keys of its customer and product. */
export interface NamedInvoice extends Invoice {
  customer: string;
  product: string;
}

/**
 * The amount that a customer owes for one billing instant. Amounts are minor units of `currency`: total = subtotal -
 * discountTotal + exclusive taxes, and due = total - paid - credited. Only a draft changes.
 */
export class InvoiceDto {
  id: string;
  /** Gap-free and ascending per product; null for a draft. @example INV-2026-000123 */
  number: string | null;
  @ApiProperty({ enum: INVOICE_STATUSES, example: 'open' })
  status: InvoiceStatus;
  @ApiProperty({ enum: INVOICE_PURPOSES, example: 'period' })
  purpose: InvoicePurpose;
  /** Key of the customer. */
  customer: string;
  /** Key of the product. */
  product: string;
  /** Id of the subscription; null for a manual invoice. */
  subscription: string | null;
  currency: string;
  lines: InvoiceLineDto[];
  subtotal: number;
  discounts: InvoiceDiscountDto[];
  discountTotal: number;
  taxes: InvoiceTaxDto[];
  taxTotal: number;
  total: number;
  /** Total of its credit notes. */
  credited: number;
  /** Payments less refunds, and what the credit balance paid; negative when it paid into the balance. */
  paid: number;
  due: number;
  /** Start of the billed period. */
  periodStart: Date;
  /** End of the billed period, exclusive. */
  periodEnd: Date;
  /** The billing instant: start of the period, the change, or the end. */
  billedAt: Date;
  /** When a draft is finalized automatically; null: by request only. */
  finalizeAt: Date | null;
  issuedAt: Date | null;
  dueAt: Date | null;
  paidAt: Date | null;
  @ApiProperty({ enum: COLLECTIONS, example: 'charge_automatically' })
  collection: Collection;
  /** Attempts to collect it so far. */
  attempts: number;
  /** When it is collected next; null: never automatically. */
  nextAttemptAt: Date | null;
  seller: InvoicePartyDto | null;
  buyer: InvoicePartyDto | null;
  version: number;
  createdAt: Date;
  updatedAt: Date;

  static of({ subscriptionId, lines, discounts, taxes, period, seller, buyer, ...invoice }: NamedInvoice): InvoiceDto {
    return {
      id: invoice.id,
      number: invoice.number,
      status: invoice.status,
      purpose: invoice.purpose,
      customer: invoice.customer,
      product: invoice.product,
      subscription: subscriptionId,
      currency: invoice.currency,
      lines: lines.map(InvoiceLineDto.of),
      subtotal: invoice.subtotal,
      discounts: discounts.map(InvoiceDiscountDto.of),
      discountTotal: invoice.discountTotal,
      taxes: taxes.map(InvoiceTaxDto.of),
      taxTotal: invoice.taxTotal,
      total: invoice.total,
      credited: invoice.credited,
      paid: invoice.paid,
      due: invoice.due,
      periodStart: period.start,
      periodEnd: period.end,
      billedAt: invoice.billedAt,
      finalizeAt: invoice.finalizeAt,
      issuedAt: invoice.issuedAt,
      dueAt: invoice.dueAt,
      paidAt: invoice.paidAt,
      collection: invoice.collection,
      attempts: invoice.attempts,
      nextAttemptAt: invoice.nextAttemptAt,
      seller: seller && InvoicePartyDto.of(seller),
      buyer: buyer && InvoicePartyDto.of(buyer),
      version: invoice.version,
      createdAt: invoice.createdAt,
      updatedAt: invoice.updatedAt,
    };
  }
}

export class InvoicePageDto {
  data: InvoiceDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
