import * as fs from 'node:fs';
import * as path from 'node:path';
import { Injectable } from '@nestjs/common';
import { RegistrationService } from '@app/accounts';
import { CatalogService } from '@app/catalog';
import { Config } from '@app/platform';

export interface BootstrapOutcome {
  /** Products whose sample catalogue was loaded now. */
  samples: string[];
  adminCreated: boolean;
  /** The admin's password if it was generated now: it is never shown again. */
  generatedPassword: string | null;
}

/** Creates what a new installation needs: the built-in catalogue, sample data, the first admin. Safe to repeat. */
@Injectable()
export class BootstrapData {
  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly registration: RegistrationService,
  ) {}

  async run(): Promise<BootstrapOutcome> {
    await this.catalog.ensureBuiltin();
    const samples = this.config.sampleData ? await this.catalog.loadSamples(samplesFolder()) : [];
    const { created, generatedPassword } = await this.registration.ensureAdmin(
      this.config.adminEmail,
      this.config.adminPassword,
      this.config,
    );
    return { samples, adminCreated: created, generatedPassword };
  }
}

/** `samples/` beside the package.json, from the sources and from the build alike. */
export function samplesFolder(): string {
  let folder = import.meta.dirname;
  while (!fs.existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder);
  return path.join(folder, 'samples');
}
