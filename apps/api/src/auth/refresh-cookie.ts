import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { REFRESH_DAYS, type TokenPair } from '@app/auth';
import { Config } from '@app/platform';
import { BROWSER_ROUTES } from './browser.guard.js';
import type { BrowserTokenDto } from './dto/auth.dto.js';

const NAME = 'tollgate-refresh';
const MAX_AGE_SECONDS = REFRESH_DAYS * 86_400;
const TOKEN = /^[\w-]{1,256}$/;

/**
 * The refresh token of a browser, in a cookie that scripts cannot read. Its path has two routes, refresh and logout: no
 * other request carries it.
 */
@Injectable()
export class RefreshCookie {
  private readonly name: string;
  private readonly attributes: string;

  constructor({ signIn: { secureCookies } }: Config) {
    // Browsers store a name with this prefix only with `Secure` and from HTTPS.
    this.name = secureCookies ? `__Secure-${NAME}` : NAME;
    this.attributes = `Path=${BROWSER_ROUTES}/; HttpOnly; SameSite=Strict${secureCookies ? '; Secure' : ''}`;
  }

  /** Sets the cookie. @returns the answer without the refresh token */
  give(reply: FastifyReply, { refreshToken, accessToken, expiresIn }: TokenPair): BrowserTokenDto {
    this.set(reply, refreshToken, MAX_AGE_SECONDS);
    return { accessToken, tokenType: 'Bearer', expiresIn };
  }

  clear(reply: FastifyReply): void {
    this.set(reply, '', 0);
  }

  /** The token in the cookie. Empty without one, and with two: another host of the domain may have set one of them. */
  read({ headers }: FastifyRequest): string {
    const [token, ...others] = (headers.cookie ?? '')
      .split(';')
      .map((pair) => pair.trim())
      .filter((pair) => pair.startsWith(`${this.name}=`))
      .map((pair) => pair.slice(this.name.length + 1));
    return token !== undefined && others.length === 0 && TOKEN.test(token) ? token : '';
  }

  private set(reply: FastifyReply, value: string, maxAge: number): void {
    void reply
      .header('set-cookie', `${this.name}=${value}; ${this.attributes}; Max-Age=${maxAge}`)
      .header('cache-control', 'no-store');
  }
}
