import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { REFRESH_DAYS, type TokenPair } from '@app/auth';
import { Config } from '@app/platform';
import { BrowserCookie } from './browser-cookie.js';
import { BROWSER_ROUTES } from './browser.guard.js';
import type { BrowserTokenDto } from './dto/auth.dto.js';

/**
 * The refresh token of a browser, in a cookie that scripts cannot read. Its path has two routes, refresh and logout: no
 * other request carries it.
 */
@Injectable()
export class RefreshCookie {
  private readonly cookie: BrowserCookie;

  constructor(config: Config) {
    this.cookie = new BrowserCookie(config, {
      name: 'tollgate-refresh',
      path: `${BROWSER_ROUTES}/`,
      sameSite: 'Strict',
      maxAgeSeconds: REFRESH_DAYS * 86_400,
      form: /^[\w-]{1,256}$/,
    });
  }

  /** Sets the cookie. @returns the answer without the refresh token */
  give(reply: FastifyReply, { refreshToken, accessToken, expiresIn }: TokenPair): BrowserTokenDto {
    this.cookie.set(reply, refreshToken);
    return { accessToken, tokenType: 'Bearer', expiresIn };
  }

  clear(reply: FastifyReply): void {
    this.cookie.clear(reply);
  }

  /** The token in the cookie; empty without one. */
  read(request: FastifyRequest): string {
    return this.cookie.read(request);
  }
}
