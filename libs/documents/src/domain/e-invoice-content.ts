import { currencyExponent, decimalAmount } from '@app/kernel';
import type { Party, PrintedDocument } from '@app/billing';
import type { Invoice as UblInvoice } from '@e-invoice-eu/core';
import { isoDate, plainSpaces } from './formats.js';
import { netLines, type NetLine, type VatGroup, vatGroups } from './e-invoice-lines.js';
import { WORDINGS } from './wording.js';

type Ubl = UblInvoice['ubl:Invoice'];
type UblLine = Ubl['cac:InvoiceLine'][number];
type UblParty = Ubl['cac:AccountingSupplierParty']['cac:Party'];
type Currency = Ubl['cbc:DocumentCurrencyCode'];
type Country = UblParty['cac:PostalAddress']['cac:Country']['cbc:IdentificationCode'];
type Vat = { 'cbc:ID': string; 'cbc:Percent'?: string; 'cac:TaxScheme': { 'cbc:ID': string } };
type AddressedParty = Party & { address: NonNullable<Party['address']>; email: string };

/** Amounts of EN 16931 have at most two decimal places. */
const MAX_PLACES = 2;
/** A VAT number begins with the code of its country. */
const VAT_ID = /^[A-Z]{2}[0-9A-Z]/i;
const UNIT = 'C62';
const VAT = { 'cbc:ID': 'VAT' };

/**
 * The document by EN 16931, for UBL. Null when the standard cannot express it: an address or an e-mail is missing, the
 * seller has no VAT number, the currency has more than two decimal places, or a line has two taxes.
 * @throws Error when the amounts of the document do not add up
 */
export function eInvoiceContent(document: PrintedDocument): UblInvoice | null {
  const { seller, buyer, currency } = document;
  if (!isAddressed(seller) || !isAddressed(buyer) || currencyExponent(currency) > MAX_PLACES) return null;
  if (!VAT_ID.test(seller.taxId ?? '') || (buyer.taxExempt === 'reverse_charge' && !buyer.taxId)) return null;
  const lines = netLines(document);
  return lines && contentOf({ document, lines, groups: vatGroups(lines, document.taxes), seller, buyer });
}

interface Parts {
  document: PrintedDocument;
  lines: NetLine[];
  groups: VatGroup[];
  seller: AddressedParty;
  buyer: AddressedParty;
}

function contentOf({ document, lines, groups, seller, buyer }: Parts): UblInvoice {
  const { kind, number, issuedAt, dueAt, timezone, invoice, reason } = document;
  const currency = document.currency as Currency;
  const isInvoice = kind === 'invoice';
  return {
    'ubl:Invoice': {
      'cbc:ID': number,
      'cbc:IssueDate': isoDate(issuedAt, timezone),
      ...(isInvoice && dueAt ? { 'cbc:DueDate': isoDate(dueAt, timezone) } : {}),
      'cbc:InvoiceTypeCode': isInvoice ? '380' : '381',
      ...(reason ? { 'cbc:Note': [plainSpaces(reason)] } : {}),
      'cbc:DocumentCurrencyCode': currency,
      ...(invoice ? { 'cac:BillingReference': [referenceOf(invoice, timezone)] } : {}),
      'cac:AccountingSupplierParty': { 'cac:Party': sellerOf(seller) },
      'cac:AccountingCustomerParty': { 'cac:Party': buyerOf(buyer) },
      'cac:PaymentTerms': { 'cbc:Note': termsOf(document) },
      'cac:TaxTotal': [taxTotalOf(groups, document)],
      'cac:LegalMonetaryTotal': totalsOf(groups, document),
      'cac:InvoiceLine': lines.map((line, index) => lineOf(line, index, document)) as Ubl['cac:InvoiceLine'],
    },
  };
}

const isAddressed = (party: Party): party is AddressedParty => party.address !== null && party.email !== null;

const referenceOf = (
  { number, issuedAt }: NonNullable<PrintedDocument['invoice']>,
  timezone: string,
): NonNullable<Ubl['cac:BillingReference']>[number] => ({
  'cac:InvoiceDocumentReference': { 'cbc:ID': number, 'cbc:IssueDate': isoDate(issuedAt, timezone) },
});

const sellerOf = (seller: AddressedParty): UblParty => ({
  ...partyOf(seller),
  'cac:PartyTaxScheme': [{ 'cbc:CompanyID': seller.taxId!, 'cac:TaxScheme': VAT }],
  'cac:PartyLegalEntity': { 'cbc:RegistrationName': plainSpaces(seller.name) },
  'cac:Contact': { 'cbc:ElectronicMail': seller.email },
});

function buyerOf(buyer: AddressedParty): Ubl['cac:AccountingCustomerParty']['cac:Party'] {
  const isVat = VAT_ID.test(buyer.taxId ?? '');
  return {
    ...partyOf(buyer),
    ...(isVat ? { 'cac:PartyTaxScheme': { 'cbc:CompanyID': buyer.taxId!, 'cac:TaxScheme': VAT } } : {}),
    'cac:PartyLegalEntity': {
      'cbc:RegistrationName': plainSpaces(buyer.name),
      ...(buyer.taxId && !isVat ? { 'cbc:CompanyID': buyer.taxId } : {}),
    },
  };
}

const partyOf = ({
  email,
  address,
}: AddressedParty): Pick<UblParty, 'cbc:EndpointID' | 'cbc:EndpointID@schemeID' | 'cac:PostalAddress'> => ({
  'cbc:EndpointID': email,
  'cbc:EndpointID@schemeID': 'EM',
  'cac:PostalAddress': {
    'cbc:StreetName': plainSpaces(address.line1),
    ...(address.line2 ? { 'cbc:AdditionalStreetName': plainSpaces(address.line2) } : {}),
    'cbc:CityName': plainSpaces(address.city),
    'cbc:PostalZone': address.postalCode,
    ...(address.region ? { 'cbc:CountrySubentity': plainSpaces(address.region) } : {}),
    'cac:Country': { 'cbc:IdentificationCode': address.country as Country },
  },
});

/** How the document is paid, in words: the account of the seller is free text. */
function termsOf({ kind, isCharged, due, seller, language, number }: PrintedDocument): string {
  const words = WORDINGS[language];
  if (kind === 'credit_note') return words.creditNote;
  if (due === 0) return words.nothingDue;
  return plainSpaces(isCharged ? words.charged : [seller.paymentDetails, number].filter(Boolean).join(', '));
}

function taxTotalOf(groups: VatGroup[], document: PrintedDocument): Ubl['cac:TaxTotal'][0] {
  const { currency, language } = document;
  const amount = (minor: number): string => decimalAmount({ amount: minor, currency });
  const words = WORDINGS[language];
  const reasons: Partial<Record<VatGroup['category'], string>> = { AE: words.reverseCharge, E: words.untaxed };
  return {
    'cbc:TaxAmount': amount(sumOf(groups, ({ tax }) => tax)),
    'cbc:TaxAmount@currencyID': currency as Currency,
    'cac:TaxSubtotal': groups.map(({ category, percentage, taxable, tax }) => ({
      'cbc:TaxableAmount': amount(taxable),
      'cbc:TaxableAmount@currencyID': currency as Currency,
      'cbc:TaxAmount': amount(tax),
      'cbc:TaxAmount@currencyID': currency as Currency,
      'cac:TaxCategory': {
        'cbc:ID': category,
        'cbc:Percent': percentage,
        ...(reasons[category] ? { 'cbc:TaxExemptionReason': reasons[category] } : {}),
        'cac:TaxScheme': VAT,
      },
    })),
  };
}

function totalsOf(
  groups: VatGroup[],
  { total, paid, due, kind, currency }: PrintedDocument,
): Ubl['cac:LegalMonetaryTotal'] {
  const amount = (minor: number): string => decimalAmount({ amount: minor, currency });
  const currencyID = currency as Currency;
  const net = sumOf(groups, ({ taxable }) => taxable);
  if (net + sumOf(groups, ({ tax }) => tax) !== total) throw new Error('Lines and taxes do not add up to the total.');
  const prepaid = kind === 'invoice' ? paid : 0;
  return {
    'cbc:LineExtensionAmount': amount(net),
    'cbc:LineExtensionAmount@currencyID': currencyID,
    'cbc:TaxExclusiveAmount': amount(net),
    'cbc:TaxExclusiveAmount@currencyID': currencyID,
    'cbc:TaxInclusiveAmount': amount(total),
    'cbc:TaxInclusiveAmount@currencyID': currencyID,
    ...(prepaid === 0 ? {} : { 'cbc:PrepaidAmount': amount(prepaid), 'cbc:PrepaidAmount@currencyID': currencyID }),
    'cbc:PayableAmount': amount(kind === 'invoice' ? due : total),
    'cbc:PayableAmount@currencyID': currencyID,
  };
}

function lineOf(net: NetLine, index: number, { currency, timezone, language }: PrintedDocument): UblLine {
  const { line, quantity, price, baseQuantity, category, percentage, allowance } = net;
  const currencyID = currency as Currency;
  const amount = (minor: number): string => decimalAmount({ amount: minor, currency });
  const lastDay = new Date(Math.max(line.service.start.getTime(), line.service.end.getTime() - 1));
  const vat: Vat = { 'cbc:ID': category, 'cbc:Percent': percentage, 'cac:TaxScheme': VAT };
  return {
    'cbc:ID': String(index + 1),
    'cbc:InvoicedQuantity': String(quantity),
    'cbc:InvoicedQuantity@unitCode': UNIT,
    'cbc:LineExtensionAmount': amount(net.net),
    'cbc:LineExtensionAmount@currencyID': currencyID,
    'cac:InvoicePeriod': {
      'cbc:StartDate': isoDate(line.service.start, timezone),
      'cbc:EndDate': isoDate(lastDay, timezone),
    },
    ...(allowance === 0
      ? {}
      : {
          'cac:AllowanceCharge': [
            {
              'cbc:ChargeIndicator': 'false',
              'cbc:AllowanceChargeReason': WORDINGS[language].discount,
              'cbc:Amount': amount(allowance),
              'cbc:Amount@currencyID': currencyID,
            },
          ],
        }),
    'cac:Item': {
      'cbc:Name': plainSpaces(line.description),
      'cac:ClassifiedTaxCategory': vat as UblLine['cac:Item']['cac:ClassifiedTaxCategory'],
    },
    'cac:Price': {
      'cbc:PriceAmount': price,
      'cbc:PriceAmount@currencyID': currencyID,
      ...(baseQuantity === null ? {} : { 'cbc:BaseQuantity': String(baseQuantity), 'cbc:BaseQuantity@unitCode': UNIT }),
    },
  };
}

const sumOf = (groups: VatGroup[], read: (group: VatGroup) => number): number =>
  groups.reduce((sum, group) => sum + read(group), 0);
