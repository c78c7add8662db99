import { Body, Controller, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AttemptSource, LoginService, SessionsService } from '@app/auth';
import type { Origin } from '@app/kernel';
import { Allow } from '../http/access/allow.decorator.js';
import { RequestOrigin } from '../http/access/request-origin.decorator.js';
import { EmptyDto } from '../http/input/empty.dto.js';
import { ApiProblems } from '../http/openapi/problem.dto.js';
import { CallerSource } from '../http/throttling/address-block.js';
import { AuthRateLimit } from '../http/throttling/throttling.guard.js';
import { BROWSER_HEADER, BrowserGuard } from './browser.guard.js';
import { BrowserTokenDto, LoginDto } from './dto/auth.dto.js';
import { LoginCodeDto } from './dto/second-factor.dto.js';
import { RefreshCookie } from './refresh-cookie.js';

/** Sessions of browsers: like those of other callers, with the refresh token in a cookie. */
@ApiTags('Auth')
@ApiHeader({
  name: BROWSER_HEADER,
  required: true,
  example: '1',
  description: 'Always `1`: pages of other sites cannot send it.',
})
@AuthRateLimit()
@UseGuards(BrowserGuard)
@Controller('v1/auth')
export class BrowserSessionsController {
  constructor(
    private readonly logins: LoginService,
    private readonly sessions: SessionsService,
    private readonly cookie: RefreshCookie,
  ) {}

  /**
   * Use it for pages of a browser instead of `POST /v1/auth/login`. The refresh token is in an `HttpOnly` cookie that
   * only `browser/refresh` and `browser/logout` receive; keep the access token in memory. Errors: 401
   * `wrong_credentials`, or `second_factor_required` with a `challenge` for `browser-login/second-factor`; 403
   * `cross_site_request` without the header or for another `Origin`; 429 `too_many_attempts`.
   */
  @Post('browser-login')
  @HttpCode(200)
  @Allow('public')
  @ApiOperation({ operationId: 'browserLogin', summary: 'Log in a browser; the refresh token is in a cookie' })
  @ApiProblems(401, 403)
  async login(
    @Body() { email, password }: LoginDto,
    @CallerSource() source: AttemptSource,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BrowserTokenDto> {
    return this.cookie.give(reply, await this.logins.login(email, password, source));
  }

  /**
   * The second step of a browser login whose answer was `second_factor_required`. Errors: 401 `invalid_challenge` or
   * `wrong_code`; 403 `cross_site_request`; 409 `second_factor_not_readable`; 429 `too_many_attempts`.
   */
  @Post('browser-login/second-factor')
  @HttpCode(200)
  @Allow('public')
  @ApiOperation({ operationId: 'browserLoginWithCode', summary: 'Complete a browser login with a code' })
  @ApiProblems(401, 403, 409)
  async loginWithCode(
    @Body() { challenge, code }: LoginCodeDto,
    @CallerSource() source: AttemptSource,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BrowserTokenDto> {
    return this.cookie.give(reply, await this.logins.loginWithCode(challenge, code, source));
  }

  /**
   * Use it when a page starts, and when its access token has expired: it rotates the refresh token of the cookie. Tabs
   * that refresh within five seconds get the same cookie. Reuse of an older token revokes the session. Errors: 401
   * `invalid_refresh_token`, also without the cookie: log in again; 403 `cross_site_request`.
   */
  @Post('browser/refresh')
  @HttpCode(200)
  // Many pages behind one address renew their sessions; a token of 256 bits is not guessed.
  @AuthRateLimit(false)
  @Allow('public')
  @ApiOperation({ operationId: 'browserRefresh', summary: 'Rotate the refresh token of the cookie' })
  @ApiProblems(401, 403)
  async refresh(
    @Body() _: EmptyDto,
    @Req() request: FastifyRequest,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BrowserTokenDto> {
    return this.cookie.give(reply, await this.sessions.refreshShared(this.cookie.read(request), origin));
  }

  /**
   * Revokes the session of the cookie, with its access tokens, on every instance within one second, and deletes the
   * cookie. It succeeds without a session, too. Error: 403 `cross_site_request`.
   */
  @Post('browser/logout')
  @HttpCode(204)
  @Allow('public')
  @ApiOperation({ operationId: 'browserLogout', summary: 'Log out the session of the cookie' })
  @ApiProblems(403)
  async logout(
    @Body() _: EmptyDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.sessions.revokeByRefreshToken(null, this.cookie.read(request));
    this.cookie.clear(reply);
  }
}
