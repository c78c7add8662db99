import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { createTransport } from 'nodemailer';
import pLimit from 'p-limit';
import { Clock } from '@app/kernel';
import { Config } from '../config/config.js';
import { Metrics } from '../metrics/metrics.js';
import { breakerFor, isCircuitOpen } from '../resilience/breaker.js';

/** How long a mail server may take, in milliseconds. */
const SMTP_TIMEOUTS_MS = { connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 10_000 };
/** To the mail server at once, in each process. */
const MAX_CONNECTIONS = 5;
/** A mail server that does not take mail: five in a row, then one every ten seconds. */
const BREAKER = {
  dependency: 'mail',
  failures: 5,
  openMs: 10_000,
  isFailure: (error: SmtpError) => !isPermanentFailure(error),
};
const FILE_NAME = /^[0-9TZ.-]+-[0-9a-f]{8}$/;
const MAX_LISTED = 100;

/** A mail in plain text to one person. */
export interface OutgoingMail {
  to: string;
  subject: string;
  text: string;
  /** The same each time that it is sent; left out: drawn. */
  messageId?: string;
}

/** A mail that was written to a file. */
export interface StoredMail extends OutgoingMail {
  name: string;
  at: string;
}

/** What came of handing a mail in. */
export interface MailOutcome {
  result: 'delivered' | 'retry' | 'never';
  why: string;
  statusCode?: number;
  /** The mail server is left alone for so long, in milliseconds. */
  pauseMs?: number;
}

interface SmtpError extends Error {
  code?: string;
  responseCode?: number;
}

/** RFC 5321, 4.2.1: an address or a mail that is answered with a 5 will be answered so again. The server itself is well. */
const isPermanentFailure = ({ code, responseCode = 0 }: SmtpError): boolean =>
  responseCode >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE');

/** Hands mail in at SMTP_URL. Without one it writes each as a file (RFC 5322) into `mail/` of the data folder, for development. */
@Injectable()
export class Mailer implements OnModuleInit {
  private readonly logger = new Logger('Mailer');
  private readonly limit = pLimit(MAX_CONNECTIONS);
  private readonly breaker;

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    this.breaker = breakerFor(metrics, BREAKER);
  }

  onModuleInit(): void {
    if (this.config.production && !this.config.smtpUrl)
      this.logger.warn('SMTP_URL is not set: nobody gets any mail, it is written to files.');
  }

  /** Composes a mail and hands it in; null: there is nobody to tell, or nothing. Never throws. */
  async attempt(compose: () => Promise<OutgoingMail | null>): Promise<MailOutcome> {
    try {
      const mail = await compose();
      if (!mail) return { result: 'delivered', why: 'nobody_to_tell' };
      await this.send(mail);
      return { result: 'delivered', why: 'delivered' };
    } catch (error) {
      if (isCircuitOpen(error)) return { result: 'retry', why: 'not_taken', pauseMs: BREAKER.openMs };
      this.logger.warn(`A mail was not taken: ${error instanceof Error ? error.message : String(error)}`);
      const { responseCode = 0 } = error as SmtpError;
      const forGood = isPermanentFailure(error as SmtpError);
      return {
        result: forGood ? 'never' : 'retry',
        why: forGood ? 'refused' : 'not_taken',
        ...(responseCode ? { statusCode: responseCode } : {}),
      };
    }
  }

  /** @throws Error when the mail was not taken. */
  async send(mail: OutgoingMail): Promise<void> {
    const message = { ...mail, from: this.config.mailFrom, disableFileAccess: true, disableUrlAccess: true };
    if (this.config.smtpUrl) {
      const transport = createTransport({ url: this.config.smtpUrl, ...SMTP_TIMEOUTS_MS });
      await this.limit(() => this.breaker.execute(() => transport.sendMail(message)));
      return;
    }
    const { message: written } = await createTransport({ streamTransport: true, buffer: true }).sendMail(message);
    await this.store(written as Buffer, mail);
  }

  /** The newest mails that were written to files. */
  async storedMails(): Promise<StoredMail[]> {
    const names = (await fs.readdir(this.folder()).catch(() => [])).filter(
      (name) => name.endsWith('.json') && FILE_NAME.test(name.slice(0, -5)),
    );
    const newest = names.sort().reverse().slice(0, MAX_LISTED);
    return Promise.all(
      newest.map(async (name) => ({
        ...(JSON.parse(await fs.readFile(path.join(this.folder(), name), 'utf8')) as StoredMail),
        name: name.slice(0, -5),
      })),
    );
  }

  private folder(): string {
    return path.join(this.config.dataDir, 'mail');
  }

  /** Renamed when it is whole: whoever watches the folder reads no half of a mail. */
  private async store(written: Buffer, mail: OutgoingMail): Promise<void> {
    const at = this.clock.now().toISOString();
    const name = `${at.replaceAll(':', '-')}-${randomBytes(4).toString('hex')}`;
    await fs.mkdir(this.folder(), { recursive: true, mode: 0o700 });
    for (const [ending, content] of [
      ['json', JSON.stringify({ ...mail, at })],
      ['eml', written],
    ] as const) {
      await fs.writeFile(path.join(this.folder(), `.${name}`), content, { mode: 0o600 });
      await fs.rename(path.join(this.folder(), `.${name}`), path.join(this.folder(), `${name}.${ending}`));
    }
  }
}
