import { AccountsService } from '@app/accounts';
import { ACCESS_TOKEN_SECONDS, SCOPES, SessionsService } from '@app/auth';
import { SYSTEM_ACTOR } from '@app/kernel';
import { UsersService } from '@app/users';
import type { PastService } from './past-service.js';
import { PRODUCT } from './lives.js';
import type { Doer } from './step.js';

/** The accounts of the sample, one for each role. */
export const ACCOUNTS = {
  admin: { email: 'admin@cloud.example', name: 'Alex Admin', role: 'admin' },
  productAdmin: { email: 'product@cloud.example', name: 'Pat Product', role: 'product_admin' },
  support: { email: 'support@cloud.example', name: 'Sam Support', role: 'support' },
  finance: { email: 'finance@cloud.example', name: 'Fran Finance', role: 'finance' },
  customer: { email: 'customer@cloud.example', name: 'Chris Customer', role: 'user' },
} as const;
type AccountName = keyof typeof ACCOUNTS;

/** Credentials of the accounts and of the backend. */
export class SampleAccounts {
  private readonly sessions = new Map<AccountName, { token: string; until: number }>();

  constructor(
    private readonly service: PastService,
    private apiKey: string | null,
  ) {}

  /** Creates the accounts that do not exist, with their roles. */
  async ensure(password: string): Promise<void> {
    const users = this.service.get(UsersService);
    for (const { email, name, role } of Object.values(ACCOUNTS)) {
      if (!(await users.findByEmail(email)))
        await this.service.call({
          method: 'POST',
          path: '/v1/auth/register',
          token: null,
          body: { email, name, password },
        });
      const { id } = (await users.findByEmail(email))!;
      const product = role === 'product_admin' ? PRODUCT : undefined;
      await this.service.get(AccountsService).changeRoleAndStatus(id, { role, product }, SYSTEM_ACTOR);
    }
  }

  /** The key of the backend; a new one unless it is known. */
  async ensureKey(): Promise<string> {
    this.apiKey ??= (
      await this.service.call({
        method: 'POST',
        path: '/v1/api-keys',
        token: await this.tokenOf('admin'),
        body: { name: 'Cloud backend', scopes: SCOPES, product: PRODUCT },
      })
    )['key'] as string;
    return this.apiKey;
  }

  /** An access token, or the key of the backend. */
  async tokenOf(doer: Doer): Promise<string> {
    if (doer === 'backend') return this.ensureKey();
    const now = this.service.now();
    const known = this.sessions.get(doer);
    if (known && known.until > now) return known.token;
    const user = await this.service.get(UsersService).findByEmail(ACCOUNTS[doer].email);
    const { accessToken } = await this.service.get(SessionsService).open(user!.id);
    this.sessions.set(doer, { token: accessToken, until: now + (ACCESS_TOKEN_SECONDS - 60) * 1_000 });
    return accessToken;
  }
}
