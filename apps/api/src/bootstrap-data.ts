import { Injectable } from '@nestjs/common';
import { RegistrationService } from '@app/accounts';
import { CatalogService } from '@app/catalog';
import { Config } from '@app/platform';
import { packageFolder } from './package-folder.js';

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
    const samples = this.config.sampleData ? await this.catalog.loadSamples(packageFolder('samples')) : [];
    const { created, generatedPassword } = await this.registration.ensureAdmin(
      this.config.adminEmail,
      this.config.adminPassword,
      this.config,
    );
    return { samples, adminCreated: created, generatedPassword };
  }
}
