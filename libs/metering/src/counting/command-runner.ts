import { Injectable } from '@nestjs/common';
import { type Entitlement, EntitlementsService, EntitlementSnapshots } from '@app/entitlements';
import { isCounted } from '../domain/decide.js';
import { throwNotMetered, type UsageCommand, type UsageResult } from '../domain/usage-command.js';
import { UsageBatcher } from './usage-batcher.js';

/** Runs usage commands: derives their entitlements and hands them to the batcher. */
@Injectable()
export class CommandRunner {
  constructor(
    private readonly snapshots: EntitlementSnapshots,
    private readonly entitlements: EntitlementsService,
    private readonly batcher: UsageBatcher,
  ) {}

  /** @throws DomainError `customer_not_found`, `feature_not_metered`, and the error that the command refuses with */
  run<Answer>(command: UsageCommand<Answer>): Promise<UsageResult<Answer>> {
    const result = this.runFromCache(command) ?? this.prepareAndRun(command);
    return result.catch(async (error: unknown) =>
      this.run({ ...command, customer: await this.snapshots.successorOf(command.customer, error) }),
    );
  }

  /** Starts the command without a wait. Null when the cache lacks the snapshot or an entitlement. */
  private runFromCache<Answer>(command: UsageCommand<Answer>): Promise<UsageResult<Answer>> | null {
    const { customer, product, meterRefs } = command;
    const snapshot = this.snapshots.peek(customer.key);
    if (!snapshot || snapshot.customer.id !== customer.id) return null;
    const entitlements: Entitlement[] = [];
    for (const { feature } of meterRefs) {
      const entitlement = this.entitlements.peek(snapshot, product, feature);
      if (!entitlement || !isCounted(entitlement.feature.type)) return null;
      entitlements.push(entitlement);
    }
    return this.batcher.run({ command, snapshot, entitlements });
  }

  private async prepareAndRun<Answer>(command: UsageCommand<Answer>): Promise<UsageResult<Answer>> {
    const snapshot = await this.snapshots.snapshotOf(command.customer, 'any age');
    const entitlements: Entitlement[] = [];
    for (const { feature } of command.meterRefs) {
      const entitlement = await this.entitlements.resolve(snapshot, command.product, feature);
      if (!isCounted(entitlement.feature.type)) throwNotMetered(entitlement.feature);
      entitlements.push(entitlement);
    }
    return this.batcher.run({ command, snapshot, entitlements });
  }
}
