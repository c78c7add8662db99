import { Injectable } from '@nestjs/common';
import { DomainError, notFound } from '@app/kernel';
import { Config, Database } from '@app/platform';
import type { SandboxBehavior } from '../domain/sandbox-behavior.js';
import { returnUrlWith } from '../domain/return-url.js';
import { SandboxProvider } from './sandbox-provider.js';
import { type SandboxCharge, type SandboxMethod, SandboxRepository } from './sandbox.repository.js';

/** The pages of the sandbox provider, on which a payer enters a payment method and confirms a charge. */
@Injectable()
export class SandboxPages {
  constructor(
    private readonly sandbox: SandboxRepository,
    private readonly provider: SandboxProvider,
    private readonly database: Database,
    private readonly config: Config,
  ) {}

  /** A setup that was started. @throws DomainError `setup_not_found` */
  async getSetup(id: string): Promise<SandboxMethod> {
    this.assertOffered();
    const setup = await this.sandbox.findMethod(id);
    if (!setup) throw notFound('setup');
    return setup;
  }

  /**
   * Completes a setup with a test method and emits its event.
   * @returns the URL that the payer returns to
   * @throws DomainError `setup_not_found`, `setup_completed`
   */
  async completeSetup(id: string, behavior: SandboxBehavior): Promise<string> {
    const { returnUrl } = await this.getSetup(id);
    await this.database.transaction(async () => {
      if (!(await this.sandbox.completeMethod(id, behavior)))
        throw new DomainError('conflict', 'setup_completed', 'This setup has been completed already.');
      await this.provider.emit('setup.completed', { setup: id });
    });
    return returnUrlWith(returnUrl, 'completed');
  }

  /** A charge. @throws DomainError `charge_not_found` */
  async getCharge(id: string): Promise<SandboxCharge> {
    this.assertOffered();
    const charge = await this.sandbox.findCharge('id', id);
    if (!charge) throw notFound('charge');
    return charge;
  }

  /**
   * Confirms a charge that requires action, or refuses it, and emits its event.
   * @returns the URL that the payer returns to
   * @throws DomainError `charge_not_found`, `action_not_required`
   */
  async decideCharge(id: string, { confirm }: { confirm: boolean }): Promise<string> {
    await this.getCharge(id);
    await this.database.transaction(async () => {
      const to = confirm
        ? { status: 'succeeded' as const, code: null }
        : { status: 'failed' as const, code: 'authentication_failed' };
      if (!(await this.sandbox.moveCharge(id, ['requires_action'], to)))
        throw new DomainError('conflict', 'action_not_required', 'This charge does not wait for a confirmation.');
      await this.provider.emit(`charge.${to.status}`, { charge: id });
    });
    return this.config.paymentReturnUrl;
  }

  private assertOffered(): void {
    if (!this.config.sandboxPayments) throw new DomainError('not_found', 'not_found', 'There is nothing here.');
  }
}
