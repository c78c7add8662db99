import * as fs from 'node:fs';
import * as path from 'node:path';
import { sendDue } from './deliveries.js';
import type { TestApp } from './app.js';
import { temporaryFolder } from './process.js';

/** What a service sends: files in a folder of its own. */
export class Mailbox {
  readonly folder = temporaryFolder();

  /** For `startService({ environment })`. */
  get environment(): { DATA_DIR: string } {
    return { DATA_DIR: this.folder };
  }

  /** Has everything sent that is due, and reads what came for one address, oldest first. */
  async of(service: TestApp, address: string): Promise<string[]> {
    await sendDue(service);
    return this.all().filter((mail) => mail.includes(`\r\nTo: ${address}\r\n`));
  }

  all(): string[] {
    const folder = path.join(this.folder, 'mail');
    if (!fs.existsSync(folder)) return [];
    return fs.readdirSync(folder).filter((name) => name.endsWith('.eml')).sort().map((name) => fs.readFileSync(path.join(folder, name), 'utf8'));
  }

  /** The token in the newest mail to an address. */
  async token(service: TestApp, address: string): Promise<string> {
    const token = tokenIn((await this.of(service, address)).at(-1));
    if (!token) throw new Error(`no token for ${address}`);
    return token;
  }

  remove(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

export const tokenIn = (mail: string | undefined): string | undefined => /Your code:\s+([A-Za-z0-9_-]{43})\s/.exec(mail ?? '')?.[1];
export const subjectOf = (mail: string | undefined): string | undefined => /\r\nSubject: (.*)\r\n/.exec(mail ?? '')?.[1];
