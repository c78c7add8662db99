import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SignOnResult } from '@app/accounts';
import { OIDC_LOGIN_SECONDS } from '@app/auth';
import { Config } from '@app/platform';
import { BrowserCookie } from './browser-cookie.js';
import { RefreshCookie } from './refresh-cookie.js';

/**
 * Redirects of single sign-on. A cookie carries the pending login, encrypted, to the callback: `Lax`, because the
 * provider, another site, redirects there.
 */
@Injectable()
export class OidcRedirects {
  private readonly pending: BrowserCookie;

  constructor(
    config: Config,
    private readonly refreshCookie: RefreshCookie,
  ) {
    this.pending = new BrowserCookie(config, {
      name: 'tollgate-oidc',
      path: '/v1/auth/oidc/callback',
      sameSite: 'Lax',
      maxAgeSeconds: OIDC_LOGIN_SECONDS,
      form: /^[\w-]{1,4000}$/,
    });
  }

  toProvider(reply: FastifyReply, { url, pending }: { url: string; pending: string }): void {
    this.pending.set(reply, pending);
    void reply.header('location', url);
  }

  /** The query of a callback and the pending login of the browser. */
  read(request: FastifyRequest): { search: string; pending: string } {
    return { search: /\?.*$/s.exec(request.url)?.[0] ?? '', pending: this.pending.read(request) };
  }

  /** Ends the pending login. A new session gets the refresh cookie; no token is in the URL. */
  toPage(reply: FastifyReply, { location, tokens }: SignOnResult): void {
    this.pending.clear(reply);
    if (tokens) this.refreshCookie.give(reply, tokens);
    void reply.header('location', location);
  }
}
