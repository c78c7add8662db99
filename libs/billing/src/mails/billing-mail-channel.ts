import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type Channel, type Delivery, Dispatcher, type Outcome } from '@app/deliveries';
import { CustomersService } from '@app/customers';
import { EventFeed } from '@app/events';
import type { Money } from '@app/kernel';
import { Config, Mailer, type OutgoingMail } from '@app/platform';
import type { Language } from '@app/users';
import {
  BILLING_MAILS,
  type BillingMailKind,
  composeBillingMail,
  isDocument,
  type MailFacts,
} from '../domain/billing-mail.js';
import { fileNameOf } from '../domain/printed-document.js';
import { PaymentMethodsRepository } from '../payment-methods.repository.js';
import { BillingMailsRepository, type MailedDocument } from './billing-mails.repository.js';
import { BillingRecipients } from './billing-recipients.js';

/** The subject of a mail, from the event that caused it. */
interface Cause {
  subjectId: string;
  /** Null for a document, which has its customer. */
  customerKey: string | null;
  actionUrl: string | null;
}

/** A message of the event feed, as far as mails read it. */
interface EventMessage {
  data: { subject: { id: string }; customer: string | null; after: { actionUrl?: string } | null };
}

interface Content {
  customerId: string;
  facts: MailFacts;
  /** Where neither profile nor user has one. */
  language: Language;
  replyTo: string | null;
  attachments: OutgoingMail['attachments'];
}

const isKind = (type: string): type is BillingMailKind => (BILLING_MAILS as readonly string[]).includes(type);

/** Sends the mails of billing. Each is composed at its attempt, so that address, language and amounts are current. */
@Injectable()
export class BillingMailChannel implements Channel, OnModuleInit {
  constructor(
    private readonly mails: BillingMailsRepository,
    private readonly recipients: BillingRecipients,
    private readonly feed: EventFeed,
    private readonly dispatcher: Dispatcher,
    private readonly mailer: Mailer,
    private readonly config: Config,
    private readonly methods: PaymentMethodsRepository,
    private readonly customers: CustomersService,
  ) {}

  onModuleInit(): void {
    this.dispatcher.register('billing_mail', this);
  }

  async prepare(deliveries: Delivery[]): Promise<(() => Promise<Outcome>)[]> {
    const bodies = await this.feed.bodies(deliveries.map(({ messageId }) => messageId));
    return deliveries.map(
      (delivery) => () => this.mailer.attempt(() => this.compose(delivery, causeOf(delivery, bodies))),
    );
  }

  /** The mail; null when there is no recipient, or the mail has no purpose any more. */
  private async compose({ id, type }: Delivery, cause: Cause | null): Promise<OutgoingMail | null> {
    if (!cause || !isKind(type)) return null;
    const content = await this.contentOf(type, cause);
    if (!content) return null;
    const { customerId, facts, language, replyTo, attachments } = content;
    const recipient = await this.recipients.find(customerId, { isDocument: isDocument(type), language });
    if (!recipient) return null;
    const { hostname } = new URL(this.config.accountUrl ?? 'http://localhost');
    return {
      to: recipient.address,
      ...composeBillingMail(type, facts, recipient),
      messageId: `<${id}@${hostname}>`,
      ...(replyTo === null ? {} : { replyTo }),
      ...(attachments ? { attachments } : {}),
    };
  }

  private async contentOf(kind: BillingMailKind, cause: Cause): Promise<Content | null> {
    if (kind === 'payment_method_expiring') return this.cardContent(cause);
    const document = await (kind === 'credit_note'
      ? this.mails.findCreditNote(cause.subjectId)
      : this.mails.findInvoice(cause.subjectId, kind));
    if (!document || isOutdated(kind, document)) return null;
    // The delivery is enqueued with the PDF, in one transaction.
    if (isDocument(kind) && !document.pdf) throw new Error(`The document ${cause.subjectId} has no PDF.`);
    return documentContent(document, cause);
  }

  /** @returns null when the customer or the card is gone, or another card is charged */
  private async cardContent({ subjectId, customerKey }: Cause): Promise<Content | null> {
    const customer = customerKey === null ? null : await this.customers.findByKey(customerKey);
    const card = customer && (await this.methods.find(customer.id, subjectId));
    if (!card || !card.isDefault || card.expiresYear === null || card.expiresMonth === null) return null;
    const name = `${card.brand ?? card.type} ${card.last4 ? `•••• ${card.last4}` : ''}`.trim();
    const expiry = `${card.expiresYear}-${String(card.expiresMonth).padStart(2, '0')}`;
    const facts = { card: name, expiry };
    return { customerId: card.customerId, facts, language: 'en', replyTo: null, attachments: undefined };
  }
}

function documentContent(document: MailedDocument, { actionUrl }: Cause): Content {
  const { customerId, currency, number, total, due, dueAt, isCharged, nextAttemptAt, seller, pdf } = document;
  const money = (amount: number): Money => ({ amount, currency });
  const filename = `${fileNameOf(number)}.pdf`;
  return {
    customerId,
    facts: {
      seller: seller.name,
      number,
      total: money(total),
      due: money(due),
      dueAt,
      isCharged,
      nextAttemptAt,
      actionUrl,
    },
    language: document.language ?? 'en',
    replyTo: seller.email,
    attachments: pdf ? [{ filename, content: pdf, contentType: 'application/pdf' }] : undefined,
  };
}

/** A mail of an event finds its subject there; a mail of a document has the id of the document. */
function causeOf({ messageId, type }: Delivery, bodies: ReadonlyMap<string, string>): Cause | null {
  if (isKind(type) && isDocument(type)) return { subjectId: messageId, customerKey: null, actionUrl: null };
  const body = bodies.get(messageId);
  if (body === undefined) return null;
  const { data } = JSON.parse(body) as EventMessage;
  return { subjectId: data.subject.id, customerKey: data.customer, actionUrl: data.after?.actionUrl ?? null };
}

/** A request to pay is dropped once nothing is due. */
const isOutdated = (kind: BillingMailKind, { status }: MailedDocument): boolean =>
  (kind === 'payment_failed' || kind === 'payment_action_required') && status !== 'open' && status !== 'uncollectible';
