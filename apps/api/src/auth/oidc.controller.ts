import { Controller, Get, HttpCode, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SingleSignOnService } from '@app/accounts';
import { OidcLogins } from '@app/auth';
import type { Origin } from '@app/kernel';
import { Allow } from '../http/access/allow.decorator.js';
import { RequestOrigin } from '../http/access/request-origin.decorator.js';
import { RequestDeadline } from '../http/in-flight/request-deadline.decorator.js';
import { ApiProblems } from '../http/openapi/problem.dto.js';
import { AuthRateLimit } from '../http/throttling/throttling.guard.js';
import { SignOnQuery } from './dto/sign-on.dto.js';
import { OidcRedirects } from './oidc-redirects.js';

/** Longer than a step of a login waits for the provider. Seconds. */
const PROVIDER_SECONDS = 12;

/** Single sign-on: the browser opens both routes itself, as pages. */
@ApiTags('Auth')
@AuthRateLimit()
@Controller('v1/auth/oidc')
export class OidcController {
  constructor(
    private readonly logins: OidcLogins,
    private readonly singleSignOn: SingleSignOnService,
    private readonly redirects: OidcRedirects,
  ) {}

  /**
   * A link of the sign-in page, not a request of a script: it redirects to the OpenID Connect provider. A cookie binds
   * the login to this browser for ten minutes. Errors: 404 `single_sign_on_off`; 422 `invalid_fields` for a `returnTo`
   * that is no path below /admin or /portal; 503 `provider_unavailable`.
   */
  @Get('login')
  @HttpCode(302)
  @Allow('public')
  @RequestDeadline(PROVIDER_SECONDS)
  @ApiOperation({ operationId: 'beginSingleSignOn', summary: 'Redirect a browser to the OpenID Connect provider' })
  @ApiResponse({ status: 302, description: 'The browser continues at the provider.' })
  @ApiProblems(404)
  async login(@Query() { returnTo }: SignOnQuery, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    this.redirects.toProvider(reply, await this.logins.begin(returnTo));
  }

  /**
   * The redirect URI to register at the provider. It opens a session of this browser, with the refresh token in the
   * cookie of `browser-login`, and redirects to `returnTo`, where the page calls `POST /v1/auth/browser/refresh`. A
   * failed login redirects to `/admin/sign-in?error=` with a code: `login_expired`, `login_denied`, `provider_error`,
   * `provider_unavailable`, `email_not_verified`, `account_exists`, `email_taken`, `inactive_account`,
   * `role_not_assigned`, `last_admin`, `product_not_found` or `single_sign_on_off`.
   */
  @Get('callback')
  @HttpCode(302)
  @Allow('public')
  @RequestDeadline(PROVIDER_SECONDS)
  @ApiOperation({ operationId: 'completeSingleSignOn', summary: 'Complete a login at the OpenID Connect provider' })
  @ApiQuery({ name: 'code', required: false, description: 'Code of the provider.', example: 'SplxlOBeZQQYbYS6WxSbIA' })
  @ApiQuery({ name: 'state', required: false, description: 'State of the login.', example: 'af0ifjsldkj' })
  @ApiQuery({ name: 'error', required: false, description: 'Error of the provider.', example: 'access_denied' })
  @ApiResponse({ status: 302, description: 'The browser continues at `returnTo`, or at the sign-in page.' })
  async callback(
    @Req() request: FastifyRequest,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { search, pending } = this.redirects.read(request);
    this.redirects.toPage(reply, await this.singleSignOn.finish(search, pending, origin));
  }
}
