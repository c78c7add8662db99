import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DocumentMaker, type Invoice } from '@app/billing';
import { DocumentsModule } from '@app/documents';
import { type ApiResponse, startService, type TestApp } from '../support/app.js';
import { idsOf, insertCreditNote, insertInvoice } from '../support/billing-rows.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, registerUser, type RegisteredUser } from '../support/fixtures.js';
import { expectLog } from '../support/log.js';
import { textOfPdf } from '../support/pdf-text.js';
import { SELLER } from '../support/printed-documents.js';

describe('documents of invoices', () => {
  let service: TestApp & { database: TestDatabase };
  let ann: RegisteredUser;
  let owner: { customerId: string; productId: string };
  beforeAll(async () => {
    service = await startService({ extra: [DocumentsModule] });
    ann = await registerUser(service);
    owner = await idsOf(service, ann.customer);
  });
  afterAll(() => service.stop());

  const makeAll = async (): Promise<void> => {
    const maker = service.app.get(DocumentMaker, { strict: false });
    let cursor = await maker.make(null);
    while (cursor) cursor = await maker.make(cursor);
  };
  const download = async (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${service.url}${path}`, { headers: { authorization: `Bearer ${ann.token}`, ...headers } });
  const stored = (id: string): Promise<{ kind: string; hash: string; content: Buffer }[]> =>
    service.database.query('select kind, hash, content from invoice_documents where document_id = $1 order by kind', [
      id,
    ]);

  it('an invoice has a PDF and an e-invoice once the job has run', async () => {
    const invoice = await insertInvoice(service, owner);
    const early = await ann.call('GET', `/v1/invoices/${invoice.id}.pdf`);
    expect(early).toMatchObject({ status: 409, body: { code: 'document_not_ready' } });
    expect(early.headers.get('retry-after')).toBe('1');
    await makeAll();
    const pdf = await download(`/v1/invoices/${invoice.id}.pdf`);
    expect(pdf.status).toBe(200);
    expect(pdf.headers.get('content-type')).toBe('application/pdf');
    expect(pdf.headers.get('content-disposition')).toBe(`attachment; filename="${invoice.number}.pdf"`);
    const bytes = Buffer.from(await pdf.arrayBuffer());
    expect(pdf.headers.get('content-length')).toBe(String(bytes.length));
    expect(textOfPdf(bytes)[0]).toContain(invoice.number);
    const xml = await download(`/v1/invoices/${invoice.id}.xml`);
    expect(xml.headers.get('content-type')).toBe('application/xml');
    expect(await xml.text()).toContain(`<cbc:ID>${invoice.number}</cbc:ID>`);
    const rows = await stored(invoice.id);
    expect(rows.map(({ kind }) => kind)).toEqual(['pdf', 'xml']);
    for (const { hash, content } of rows) expect(createHash('sha256').update(content).digest('hex')).toBe(hash);
    expect(pdf.headers.get('etag')).toBe(`"${rows[0]!.hash}"`);
  });

  it('a caller that has the document gets 304', async () => {
    const invoice = await insertInvoice(service, owner);
    await makeAll();
    const first = await download(`/v1/invoices/${invoice.id}.pdf`);
    const etag = first.headers.get('etag')!;
    await first.arrayBuffer();
    const again = await download(`/v1/invoices/${invoice.id}.pdf`, { 'if-none-match': etag });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
  });

  it('a document is made once, and stays when the invoice is paid', async () => {
    const invoice = await insertInvoice(service, owner);
    await makeAll();
    const before = await stored(invoice.id);
    await service.database.query(`update invoices set status = 'paid', paid = total, due = 0 where id = $1`, [
      invoice.id,
    ]);
    await makeAll();
    expect(await stored(invoice.id)).toEqual(before);
  });

  it('workers that run at the same time make each document once', async () => {
    const invoices = await Promise.all(Array.from({ length: 12 }, () => insertInvoice(service, owner)));
    await Promise.all([makeAll(), makeAll(), makeAll()]);
    for (const { id } of invoices) expect(await stored(id)).toHaveLength(2);
    const mails = await service.database.query('select message_id from deliveries where message_id = any($1::uuid[])', [
      invoices.map(({ id }) => id),
    ]);
    expect(mails).toHaveLength(12);
  });

  it('a credit note has documents that name its invoice', async () => {
    const invoice = await insertInvoice(service, owner);
    const note = await insertCreditNote(service, invoice);
    expect((await ann.call('GET', `/v1/credit-notes/${note.id}.xml`)).body.code).toBe('document_not_ready');
    await makeAll();
    const pdf = await download(`/v1/credit-notes/${note.id}.pdf`);
    const text = textOfPdf(Buffer.from(await pdf.arrayBuffer())).join('\n');
    expect(text).toContain(note.number);
    expect(text).toContain(invoice.number);
    expect(await (await download(`/v1/credit-notes/${note.id}.xml`)).text()).toContain('<CreditNote');
  });

  it('an invoice that EN 16931 cannot express has a PDF only', async () => {
    const invoice = await insertInvoice(service, owner, { seller: { ...SELLER, address: null } });
    await makeAll();
    expect((await download(`/v1/invoices/${invoice.id}.pdf`)).status).toBe(200);
    expect(await ann.call('GET', `/v1/invoices/${invoice.id}.xml`)).toMatchObject({
      status: 404,
      body: { code: 'no_e_invoice' },
    });
  });

  it('a draft has no documents', async () => {
    const draft = await insertInvoice(service, owner, { status: 'draft', number: null, serial: null, issuedAt: null });
    await makeAll();
    expect(await ann.call('GET', `/v1/invoices/${draft.id}.pdf`)).toMatchObject({
      status: 409,
      body: { code: 'document_of_draft' },
    });
    expect(await stored(draft.id)).toEqual([]);
  });

  it('an invoice that cannot be printed does not stop the others, and is tried again later', async () => {
    const broken = await insertInvoice(service, owner, { currency: 'no currency' });
    const sound = await insertInvoice(service, owner);
    expectLog(new RegExp(`No document of ${broken.number}`));
    await makeAll();
    await makeAll();
    expect(await stored(sound.id)).toHaveLength(2);
    expect(await stored(broken.id)).toEqual([]);
    expect((await ann.call('GET', `/v1/invoices/${broken.id}.pdf`)).body.code).toBe('document_not_ready');
  });

  describe('access', () => {
    let invoice: Invoice;
    beforeAll(async () => {
      invoice = await insertInvoice(service, owner);
      await makeAll();
    });
    const status = async (call: (method: string, path: string) => Promise<ApiResponse>): Promise<number> =>
      (await call('GET', `/v1/invoices/${invoice.id}.pdf`)).status;

    it('the owner, the admin and keys with billing:read may read it', async () => {
      const key = await createApiKey(service, { scopes: ['billing:read'] });
      expect([await status(ann.call), await status(service.admin), await status(key.call)]).toEqual([200, 200, 200]);
    });

    it('to others it does not exist', async () => {
      const bob = await registerUser(service);
      const key = await createApiKey(service, { scopes: ['billing:read'], product: 'api' });
      expect([await status(bob.call), await status(key.call)]).toEqual([404, 404]);
      const weak = await createApiKey(service, { scopes: ['usage:read'] });
      expect([await status(weak.call), await status((method, path) => service.call(method, path))]).toEqual([403, 401]);
    });

    it('an id that is no UUID is a 422', async () => {
      expect((await ann.call('GET', '/v1/invoices/one.pdf')).status).toBe(422);
    });
  });
});
