import { Injectable } from '@nestjs/common';
import {
  ApiKeysService,
  type ApiKeyView,
  type SecondFactorView,
  SecondFactorsService,
  SessionsService,
  type SessionView,
} from '@app/auth';
import { allRows } from '@app/kernel';

/** One record of the credentials of a user. Never a secret. */
export type CredentialRecord =
  | { kind: 'session'; session: SessionView }
  | { kind: 'second_factor'; secondFactor: SecondFactorView }
  | { kind: 'api_key'; apiKey: ApiKeyView };

/** The credentials of a user in an export. */
@Injectable()
export class CredentialsExport {
  constructor(
    private readonly sessions: SessionsService,
    private readonly secondFactors: SecondFactorsService,
    private readonly apiKeys: ApiKeysService,
  ) {}

  /** Sessions, second factor and API keys of a user. */
  async *of(userId: string): AsyncGenerator<CredentialRecord> {
    for (const session of await this.sessions.listOf(userId)) yield { kind: 'session', session };
    const secondFactor = await this.secondFactors.find(userId);
    if (secondFactor) yield { kind: 'second_factor', secondFactor };
    // Only the user's own keys: an admin sees other keys too, and they are not the admin's data.
    const ownKeys = { ownerUserId: userId, productId: null };
    for await (const apiKey of allRows((page) => this.apiKeys.list(page, ownKeys))) yield { kind: 'api_key', apiKey };
  }
}
