import { Injectable } from '@nestjs/common';
import {
  ApiKeysService,
  type ApiKeyView,
  IdentitiesService,
  type IdentityView,
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
  | { kind: 'identity'; identity: IdentityView }
  | { kind: 'api_key'; apiKey: ApiKeyView };

/** The credentials of a user in an export. */
@Injectable()
export class CredentialsExport {
  constructor(
    private readonly sessions: SessionsService,
    private readonly secondFactors: SecondFactorsService,
    private readonly identities: IdentitiesService,
    private readonly apiKeys: ApiKeysService,
  ) {}

  /** Sessions, second factor, identities and API keys of a user. */
  async *of(userId: string): AsyncGenerator<CredentialRecord> {
    for (const session of await this.sessions.listOf(userId)) yield { kind: 'session', session };
    const secondFactor = await this.secondFactors.find(userId);
    if (secondFactor) yield { kind: 'second_factor', secondFactor };
    for (const identity of await this.identities.listOf(userId)) yield { kind: 'identity', identity };
    // Only the user's own keys: an admin sees other keys too, and they are not the admin's data.
    const ownKeys = { ownerUserId: userId, productId: null };
    for await (const apiKey of allRows((page) => this.apiKeys.list(page, ownKeys))) yield { kind: 'api_key', apiKey };
  }
}
