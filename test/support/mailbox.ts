import * as fs from 'node:fs';
import * as path from 'node:path';
import { deliverDueEvents } from './deliveries.js';
import type { TestApp } from './app.js';
import { temporaryFolder } from './process.js';

/** The mails of one service, which writes them to files in a temporary folder. */
export class Mailbox {
  readonly folder = temporaryFolder();

  /** For `startService({ environment })`. */
  get environment(): { DATA_DIR: string } {
    return { DATA_DIR: this.folder };
  }

  /** Delivers all due events, then returns the mails to one address, oldest first. */
  async mailsTo(service: TestApp, address: string): Promise<string[]> {
    await deliverDueEvents(service);
    return this.allMails().filter((mail) => mail.includes(`\r\nTo: ${address}\r\n`));
  }

  allMails(): string[] {
    const folder = path.join(this.folder, 'mail');
    if (!fs.existsSync(folder)) return [];
    return fs
      .readdirSync(folder)
      .filter((name) => name.endsWith('.eml'))
      .sort()
      .map((name) => fs.readFileSync(path.join(folder, name), 'utf8'));
  }

  /** The token in the newest mail to an address. */
  async tokenFor(service: TestApp, address: string): Promise<string> {
    const token = tokenInMail((await this.mailsTo(service, address)).at(-1));
    if (!token) throw new Error(`no token for ${address}`);
    return token;
  }

  remove(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Decodes quoted-printable (RFC 2045, RFC 2047), as far as the service's own mails use it. */
const unquoted = (text: string): string =>
  Buffer.from(
    text
      .replace(/=\r?\n/g, '')
      .replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
    'latin1',
  ).toString('utf8');
const decodedWord = (_: string, encoding: string, text: string): string =>
  encoding === 'B' ? Buffer.from(text, 'base64').toString('utf8') : unquoted(text.replaceAll('_', ' '));

export const bodyOf = (mail: string): string => {
  const body = mail.slice(mail.indexOf('\r\n\r\n') + 4);
  if (/Transfer-Encoding: base64/i.test(mail)) return Buffer.from(body, 'base64').toString('utf8');
  return /Transfer-Encoding: quoted-printable/i.test(mail) ? unquoted(body) : body;
};
export const tokenInMail = (mail: string | undefined): string | undefined =>
  /(?:Your code|Dein Code):\s+([A-Za-z0-9_-]{43})\s/.exec(mail === undefined ? '' : bodyOf(mail))?.[1];
export const subjectOf = (mail: string | undefined): string | undefined =>
  /\r\nSubject: ((?:.|\r\n[ \t])*)\r\n/
    .exec(mail ?? '')?.[1]!
    .replace(/\?=\s+=\?UTF-8\?[QB]\?/gi, '')
    .replace(/\r\n[ \t]/g, ' ')
    .replace(/=\?UTF-8\?([QB])\?(.*?)\?=/gi, decodedWord);
