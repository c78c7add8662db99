import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DocumentMaker, type Invoice } from '@app/billing';
import { DocumentsModule } from '@app/documents';
import { Events } from '@app/events';
import { newId, SYSTEM_ACTOR } from '@app/kernel';
import { Database } from '@app/platform';
import { startService, TestClock, type TestApp } from '../support/app.js';
import { idsOf, insertCreditNote, insertInvoice } from '../support/billing-rows.js';
import type { TestDatabase } from '../support/database.js';
import { registerUser, type RegisteredUser, uniqueName } from '../support/fixtures.js';
import { Mailbox, subjectOf } from '../support/mailbox.js';
import { textOfPdf } from '../support/pdf-text.js';

describe('mails of billing', () => {
  const mailbox = new Mailbox();
  let service: TestApp & { database: TestDatabase };
  beforeAll(async () => {
    service = await startService({
      environment: mailbox.environment,
      extra: [DocumentsModule],
      clock: new TestClock(),
    });
  });
  afterAll(async () => {
    await service.stop();
    mailbox.remove();
  });

  interface Reader extends RegisteredUser {
    owner: { customerId: string; productId: string };
  }
  /** A user with a verified e-mail. */
  const reader = async (settings: object = {}): Promise<Reader> => {
    const user = await registerUser(service);
    const token = await mailbox.tokenFor(service, user.email);
    await service.call('POST', '/v1/auth/verify-email', { body: { token } });
    await user.call('PATCH', '/v1/users/me', { body: settings });
    return { ...user, owner: await idsOf(service, user.customer) };
  };
  const makeDocuments = async (): Promise<void> => {
    const maker = service.app.get(DocumentMaker, { strict: false });
    let cursor = await maker.make(null);
    while (cursor) cursor = await maker.make(cursor);
  };
  const record = async (
    type: 'invoice.paid' | 'invoice.payment_failed' | 'invoice.payment_action_required',
    { id, customerId, productId, total }: Invoice,
    after: object = {},
  ): Promise<void> => {
    const [database, events] = [Database, Events].map((part) =>
      service.app.get(part as typeof Database, { strict: false }),
    ) as never as [Database, Events];
    const subject = { type: 'invoice', id };
    await database.transaction(() =>
      events.record({
        type,
        subject,
        customerId,
        productId,
        actor: SYSTEM_ACTOR,
        after: { total, currency: 'EUR', ...after },
      }),
    );
  };
  /** Mails about billing to an address, as [subject, text]. */
  const mails = async (address: string): Promise<[string, string][]> =>
    (await mailbox.mailsTo(service, address))
      .filter((mail) => !/verify|address/i.test(subjectOf(mail)!) && !/Adresse/.test(subjectOf(mail)!))
      .map((mail) => [subjectOf(mail)!, mail]);
  const textOf = (mail: string): string => {
    const part = /Content-Type: text\/plain[^\r]*\r\nContent-Transfer-Encoding: ([^\r]+)\r\n\r\n([^]*?)\r\n----/.exec(
      mail,
    );
    const [encoding, text] = part
      ? [part[1]!, part[2]!]
      : [/Transfer-Encoding: ([^\r]+)/.exec(mail)![1]!, mail.slice(mail.indexOf('\r\n\r\n') + 4)];
    if (encoding === 'base64') return Buffer.from(text, 'base64').toString();
    if (encoding !== 'quoted-printable') return text;
    const bytes = text
      .replace(/=\r?\n/g, '')
      .replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
    return Buffer.from(bytes, 'latin1').toString();
  };
  const attachmentOf = (mail: string): Buffer =>
    Buffer.from(/filename="?[^\r]*\r\n(?:[^\r]+\r\n)*\r\n([^]*?)\r\n----/.exec(mail)![1]!, 'base64');

  it('an invoice is sent with its PDF, once', async () => {
    const ann = await reader();
    const invoice = await insertInvoice(service, ann.owner);
    await makeDocuments();
    await makeDocuments();
    const [[subject, mail], ...others] = (await mails(ann.email)) as [[string, string], ...[string, string][]];
    expect(others).toEqual([]);
    expect(subject).toBe(`Invoice ${invoice.number} from Fjordlys Software GmbH`);
    expect(textOf(mail)).toContain(`Please pay €119.00 by 15 June 2026 and state the number ${invoice.number}.`);
    expect(mail).toContain('Reply-To: billing@fjordlys.example');
    expect(mail).toContain(`filename=${invoice.number}.pdf`);
    expect(textOfPdf(attachmentOf(mail))[0]).toContain(invoice.number);
  });

  it('documents are sent also to a user who wants no mail; other mails are not', async () => {
    const bob = await reader({ mailEnabled: false });
    const invoice = await insertInvoice(service, bob.owner);
    await makeDocuments();
    await record('invoice.payment_failed', invoice);
    await record('invoice.paid', invoice);
    expect((await mails(bob.email)).map(([subject]) => subject)).toEqual([
      `Invoice ${invoice.number} from Fjordlys Software GmbH`,
    ]);
  });

  it('a user who muted payments gets documents only', async () => {
    const eve = await reader({ mutedMails: ['payment'] });
    const invoice = await insertInvoice(service, eve.owner);
    await makeDocuments();
    await record('invoice.paid', invoice);
    expect(await mails(eve.email)).toHaveLength(1);
  });

  it('mails go to the e-mail of the billing profile, in its language', async () => {
    const cat = await reader({ mailEnabled: false });
    const email = `${uniqueName('accounting')}@example.com`;
    const put = await cat.call('PUT', `/v1/customers/me/billing-profile`, {
      body: { name: 'Katze GmbH', email, language: 'de' },
    });
    expect(put.status).toBe(200);
    const invoice = await insertInvoice(service, cat.owner, { printed: { language: 'de' } });
    await makeDocuments();
    await record('invoice.payment_failed', invoice);
    const sent = await mails(email);
    expect(sent.map(([subject]) => subject).sort()).toEqual([
      'Eine Zahlung an Fjordlys Software GmbH schlug fehl',
      `Rechnung ${invoice.number} von Fjordlys Software GmbH`,
    ]);
    expect(await mails(cat.email)).toEqual([]);
    const failed = sent.find(([subject]) => subject.startsWith('Eine Zahlung'))![1];
    expect(textOf(failed)).toContain(`Die Zahlung von 119,00 € für die Rechnung ${invoice.number} schlug fehl.`);
  });

  it('each event has one mail: failed payment, confirmation and receipt', async () => {
    const dan = await reader();
    const nextAttemptAt = new Date('2026-06-04T08:00:00Z');
    const invoice = await insertInvoice(service, dan.owner, { nextAttemptAt, documentedAt: nextAttemptAt });
    await record('invoice.payment_failed', invoice);
    await record('invoice.payment_failed', invoice);
    await record('invoice.payment_action_required', invoice, { actionUrl: 'https://pay.example.com/confirm/1' });
    const sent = await mails(dan.email);
    expect(sent.map(([subject]) => subject).sort()).toEqual([
      'A payment to Fjordlys Software GmbH failed',
      'A payment to Fjordlys Software GmbH failed',
      'Please confirm your payment to Fjordlys Software GmbH',
    ]);
    const texts = sent.map(([, mail]) => textOf(mail)).join('\n');
    expect(texts).toContain('The next attempt is on 4 June 2026.');
    expect(texts).toContain('\nhttps://pay.example.com/confirm/1\n');
    await service.database.query(`update invoices set status = 'paid', paid = total, due = 0 where id = $1`, [
      invoice.id,
    ]);
    await record('invoice.paid', invoice);
    // A request for a payment that has been made meanwhile is not sent.
    await record('invoice.payment_failed', invoice);
    const after = (await mails(dan.email)).map(([subject]) => subject);
    expect(after).toHaveLength(4);
    expect(after).toContain(`Receipt for invoice ${invoice.number} from Fjordlys Software GmbH`);
  });

  it('users are notified in the application too, without a second mail', async () => {
    const joe = await reader();
    const invoice = await insertInvoice(service, joe.owner, { documentedAt: new Date() });
    await record('invoice.payment_failed', invoice, { number: invoice.number, currency: 'EUR' });
    expect(await mails(joe.email)).toHaveLength(1);
    const { body } = await joe.call('GET', '/v1/users/me/notifications');
    expect(body.data[0]).toMatchObject({
      kind: 'invoice_payment_failed',
      title: `A payment for invoice ${invoice.number} failed`,
    });
    expect(body.data[0].text).toContain('(€119.00)');
  });

  it('an invoice without an amount has no receipt', async () => {
    const fay = await reader();
    const invoice = await insertInvoice(service, fay.owner, { documentedAt: new Date() });
    await record('invoice.paid', { ...invoice, total: 0 });
    expect(await mails(fay.email)).toEqual([]);
  });

  it('a credit note is sent with its PDF', async () => {
    const gus = await reader();
    const invoice = await insertInvoice(service, gus.owner, { documentedAt: new Date() });
    const note = await insertCreditNote(service, invoice);
    await makeDocuments();
    const [[subject, mail]] = (await mails(gus.email)) as [[string, string]];
    expect(subject).toBe(`Credit note ${note.number} from Fjordlys Software GmbH`);
    expect(textOfPdf(attachmentOf(mail)).join('\n')).toContain(invoice.number);
  });

  it('a card that expires soon is announced', async () => {
    const hal = await reader({ language: 'de' });
    const id = newId();
    await service.database.query(
      `insert into payment_methods (customer_id, id, provider, provider_id, type, brand, last4, expires_month, expires_year, is_default, created_at)
       values ($1, $2, 'sandbox', $3, 'card', 'visa', '4242', 9, 2026, true, now())`,
      [hal.owner.customerId, id, uniqueName('pm')],
    );
    const [database, events] = [Database, Events].map((part) =>
      service.app.get(part as typeof Database, { strict: false }),
    ) as never as [Database, Events];
    await database.transaction(() =>
      events.record({
        type: 'payment_method.expiring',
        subject: { type: 'payment_method', id },
        customerId: hal.owner.customerId,
        productId: null,
        actor: SYSTEM_ACTOR,
        after: {},
      }),
    );
    const [[subject, mail]] = (await mails(hal.email)) as [[string, string]];
    expect(subject).toBe('Deine Karte visa •••• 4242 läuft bald ab');
    expect(textOf(mail)).toContain('läuft Ende September 2026 ab');
  });

  it('without a verified address nothing is sent', async () => {
    const ida = await registerUser(service);
    await insertInvoice(service, await idsOf(service, ida.customer));
    await makeDocuments();
    expect(await mails(ida.email)).toEqual([]);
  });
});
