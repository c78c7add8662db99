import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { createTransport } from 'nodemailer';
import { Clock } from '@app/kernel';
import { Config } from '../config/config.js';

/** How long a mail server may take, in milliseconds. */
const PATIENCE = { connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 10_000 };

/** A mail in plain text to one person. */
export interface OutgoingMail {
  to: string;
  subject: string;
  text: string;
}

/** Hands mail in at SMTP_URL. Without one it writes each as a file (RFC 5322) into `mail/` of the data folder, for development. */
@Injectable()
export class Mailer implements OnModuleInit {
  private readonly logger = new Logger('Mailer');

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    if (this.config.production && !this.config.smtpUrl) this.logger.warn('SMTP_URL is not set: nobody gets any mail, it is written to files.');
  }

  /** @throws Error when the mail was not taken. */
  async send(mail: OutgoingMail): Promise<void> {
    const message = { ...mail, from: this.config.mailFrom, disableFileAccess: true, disableUrlAccess: true };
    if (this.config.smtpUrl) {
      await createTransport({ url: this.config.smtpUrl, ...PATIENCE }).sendMail(message);
      return;
    }
    const { message: written } = await createTransport({ streamTransport: true, buffer: true }).sendMail(message);
    await this.keep(written as Buffer);
  }

  private async keep(written: Buffer): Promise<void> {
    const folder = path.join(this.config.dataDir, 'mail');
    await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    const name = `${this.clock.now().toISOString().replaceAll(':', '-')}-${randomBytes(4).toString('hex')}`;
    // Renamed when it is whole: whoever watches the folder reads no half of a mail.
    await fs.writeFile(path.join(folder, `.${name}`), written, { mode: 0o600 });
    await fs.rename(path.join(folder, `.${name}`), path.join(folder, `${name}.eml`));
  }
}
