import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import pLimit from 'p-limit';
import { Clock } from '@app/kernel';
import { Config } from '../config/config.js';
import { Metrics } from '../metrics/metrics.js';
import { breakerFor, isCircuitOpen } from '../resilience/breaker.js';

/** Timeouts of the mail server in milliseconds. */
const SMTP_TIMEOUTS_MS = { connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 10_000 };
/** Concurrent connections to the mail server, per process. */
const MAX_CONNECTIONS = 5;
/** Circuit breaker of the mail server: opens after five failures in a row, then tries one mail every ten seconds. */
const BREAKER = {
  dependency: 'mail',
  failures: 5,
  openMs: 10_000,
  isFailure: (error: SmtpError) => !isPermanentFailure(error),
};
const FILE_NAME = /^[0-9TZ.-]+-[0-9a-f]{8}$/;
const MAX_LISTED = 100;

/** A file in a mail. */
export interface MailAttachment {
  filename: string;
  content: Buffer;
  contentType: string;
}

/** A mail in plain text to one recipient. */
export interface OutgoingMail {
  to: string;
  subject: string;
  text: string;
  /** The same for every attempt, so that receivers can drop duplicates; generated when omitted. */
  messageId?: string;
  /** Where answers go; the sender when omitted. */
  replyTo?: string;
  attachments?: MailAttachment[];
}

/** A mail written to a file; its attachments are in the file beside it. */
export interface StoredMail extends Omit<OutgoingMail, 'attachments'> {
  name: string;
  at: string;
}

/** Result of sending a mail. */
export interface MailOutcome {
  result: 'delivered' | 'retry' | 'never';
  why: string;
  statusCode?: number;
  /** Milliseconds until the next attempt to use the mail server. */
  pauseMs?: number;
}

interface SmtpError extends Error {
  code?: string;
  responseCode?: number;
}

/** RFC 5321, 4.2.1: a 5xx reply to an address or a message is permanent. The mail server itself works. */
const isPermanentFailure = ({ code, responseCode = 0 }: SmtpError): boolean =>
  responseCode >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE');

/** Sends mail through SMTP_URL. Without it, writes each mail to a file (RFC 5322) in `mail/` of the data folder. */
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
      this.logger.warn('SMTP_URL is not set: mail is written to files and reaches no recipient.');
  }

  /**
   * Composes and sends a mail. Never throws.
   * @param compose returns the mail, or null when there is no recipient or nothing to send
   * @example const { result } = await mailer.attempt(async () => ({ to, subject, text }));
   */
  async attempt(compose: () => Promise<OutgoingMail | null>): Promise<MailOutcome> {
    try {
      const mail = await compose();
      if (!mail) return { result: 'delivered', why: 'nobody_to_tell' };
      await this.send(mail);
      return { result: 'delivered', why: 'delivered' };
    } catch (error) {
      if (isCircuitOpen(error)) return { result: 'retry', why: 'not_taken', pauseMs: BREAKER.openMs };
      this.logger.warn(`Sending a mail failed: ${error instanceof Error ? error.message : String(error)}`);
      const { responseCode = 0 } = error as SmtpError;
      const permanent = isPermanentFailure(error as SmtpError);
      return {
        result: permanent ? 'never' : 'retry',
        why: permanent ? 'refused' : 'not_taken',
        ...(responseCode ? { statusCode: responseCode } : {}),
      };
    }
  }

  /**
   * Sends a mail, or writes it to a file.
   * @throws Error when the mail server did not accept it
   * @example await mailer.send({ to: 'ann@example.com', subject: 'Reset your password', text });
   */
  async send(mail: OutgoingMail): Promise<void> {
    const { createTransport } = await import('nodemailer');
    const message = { ...mail, from: this.config.mailFrom, disableFileAccess: true, disableUrlAccess: true };
    if (this.config.smtpUrl) {
      const transport = createTransport({ url: this.config.smtpUrl, ...SMTP_TIMEOUTS_MS });
      await this.limit(() => this.breaker.execute(() => transport.sendMail(message)));
      return;
    }
    const { message: written } = await createTransport({ streamTransport: true, buffer: true }).sendMail(message);
    await this.store(written as Buffer, mail);
  }

  /** Returns the newest mails that were written to files. */
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

  /** Writes a mail, and renames the file when it is complete: a reader of the folder never sees a part of a mail. */
  private async store(written: Buffer, mail: OutgoingMail): Promise<void> {
    const at = this.clock.now().toISOString();
    const name = `${at.replaceAll(':', '-')}-${randomBytes(4).toString('hex')}`;
    await fs.mkdir(this.folder(), { recursive: true, mode: 0o700 });
    for (const [ending, content] of [
      ['json', JSON.stringify({ ...mail, attachments: undefined, at })],
      ['eml', written],
    ] as const) {
      await fs.writeFile(path.join(this.folder(), `.${name}`), content, { mode: 0o600 });
      await fs.rename(path.join(this.folder(), `.${name}`), path.join(this.folder(), `${name}.${ending}`));
    }
  }
}
