import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiConsumes, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RegistrationService } from '@app/accounts';
import { type AttemptSource, LoginService, SessionsService, type UserPrincipal } from '@app/auth';
import { Allow } from '../http/access/allow.decorator.js';
import type { Origin } from '@app/kernel';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { RequestOrigin } from '../http/access/request-origin.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { CallerSource } from '../http/throttling/address-block.js';
import { AuthRateLimit } from '../http/throttling/throttling.guard.js';
import { CustomerDto } from '../customers/dto/customer.dto.js';
import { SubscriptionPresenter } from '../subscriptions/subscription-presenter.js';
import { UserDto } from '../users/dto/user.dto.js';
import {
  LoginDto,
  LogoutDto,
  OAuthTokenDto,
  RefreshDto,
  RegisterDto,
  RegisteredDto,
  TokenDto,
  TokensDto,
} from './dto/auth.dto.js';
import { LoginCodeDto } from './dto/second-factor.dto.js';
import { assertPasswordGrant } from './password-grant.js';

@ApiTags('Auth')
@AuthRateLimit()
@Controller('v1/auth')
export class AuthController {
  constructor(
    private readonly registration: RegistrationService,
    private readonly logins: LoginService,
    private readonly sessions: SessionsService,
    private readonly presenter: SubscriptionPresenter,
  ) {}

  /**
   * Use it for sign-up. Region and device type choose the plan of the new customer. The answer has the tokens of a
   * first session, and a verification mail is enqueued; the account can be used before the address is verified.
   * Errors: 409 `email_taken` when an account has this address in any spelling; 422 `invalid_fields` for a short or
   * common password; 403 `password_login_off` where passwords are switched off.
   */
  @Post('register')
  @Idempotent()
  @Allow('public')
  @ApiOperation({
    operationId: 'register',
    summary: 'Register an account with its customer and subscription in one transaction',
  })
  @ApiProblems(403, 409)
  async register(@Body() body: RegisterDto, @RequestOrigin() origin: Origin): Promise<RegisteredDto> {
    const { user, customer, subscription, ...tokens } = await this.registration.register({ ...body, origin });
    return {
      user: UserDto.of(user, { product: null, webhookUrl: null }),
      customer: CustomerDto.of(customer),
      subscription: await this.presenter.one(subscription, customer),
      ...tokens,
      tokenType: 'Bearer',
    };
  }

  /**
   * Returns an access token for ten minutes and a refresh token for one use. Errors: 401 `wrong_credentials` for an
   * unknown address, a wrong password or an inactive account, without a difference between them; 401
   * `second_factor_required` with a `challenge` for `POST /v1/auth/login/second-factor`; 403 `password_login_off`; 429
   * `too_many_attempts` after repeated failures, with the delay in `Retry-After`.
   */
  @Post('login')
  @Idempotent()
  @HttpCode(200)
  @Allow('public')
  @ApiOperation({ operationId: 'login', summary: 'Log in with e-mail and password' })
  @ApiProblems(401, 403)
  async login(@Body() { email, password }: LoginDto, @CallerSource() source: AttemptSource): Promise<TokensDto> {
    return { ...(await this.logins.login(email, password, source)), tokenType: 'Bearer' };
  }

  /**
   * The second step of a login whose answer was `second_factor_required`. A code is accepted once. Errors: 401
   * `invalid_challenge`: log in again; 401 `wrong_code`; 409 `second_factor_not_readable` after a change of SECRET_KEY;
   * 429 `too_many_attempts`.
   */
  @Post('login/second-factor')
  @Idempotent()
  @HttpCode(200)
  @Allow('public')
  @ApiOperation({ operationId: 'loginWithCode', summary: 'Complete a login with a code of the second factor' })
  @ApiProblems(401, 409)
  async loginWithCode(
    @Body() { challenge, code }: LoginCodeDto,
    @CallerSource() source: AttemptSource,
  ): Promise<TokensDto> {
    return { ...(await this.logins.loginWithCode(challenge, code, source)), tokenType: 'Bearer' };
  }

  /**
   * The form of RFC 6749, 4.3, for tools that speak OAuth 2, such as the page at `/docs`. Other clients use `POST
   * /v1/auth/login`. Errors: 400 `unsupported_grant_type`; 401 `wrong_credentials`; 429 `too_many_attempts`.
   */
  @Post('token')
  @Idempotent()
  @HttpCode(200)
  @Allow('public')
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiOperation({ operationId: 'token', summary: 'Log in with the OAuth 2 password grant' })
  @ApiProblems(400, 401, 403)
  async token(
    @Body() { grant_type: grantType, username, password }: TokenDto,
    @CallerSource() source: AttemptSource,
  ): Promise<OAuthTokenDto> {
    assertPasswordGrant(grantType);
    const { accessToken, refreshToken, expiresIn } = await this.logins.login(username, password, source);
    return { access_token: accessToken, token_type: 'Bearer', expires_in: expiresIn, refresh_token: refreshToken };
  }

  /**
   * Use it when the access token has expired: it returns a new pair, and the given refresh token is used up. Of
   * concurrent requests with one token, one succeeds. Reuse more than five seconds after the rotation revokes the
   * session. Error: 401 `invalid_refresh_token`; log in again.
   */
  @Post('refresh')
  @Idempotent()
  @HttpCode(200)
  @Allow('public')
  @ApiOperation({
    operationId: 'refresh',
    summary: 'Rotate a refresh token; reuse of a rotated token revokes the session',
  })
  @ApiProblems(401)
  async refresh(@Body() { refreshToken }: RefreshDto, @RequestOrigin() origin: Origin): Promise<TokensDto> {
    return { ...(await this.sessions.refresh(refreshToken, origin)), tokenType: 'Bearer' };
  }

  /**
   * Revokes the access token and the refresh token of the session, on every instance within one second. `everywhere`
   * ends all sessions of the account. Add `refreshToken` to end the session of another token, too. API keys stay
   * valid.
   */
  @Post('logout')
  @Idempotent()
  @HttpCode(204)
  @Allow({ users: 'user', beforeSecondFactor: true })
  @ApiCredentials()
  @ApiOperation({
    operationId: 'logout',
    summary: 'Log out of this session or of all sessions; their tokens are revoked',
  })
  async logout(@Body() body: LogoutDto, @CurrentPrincipal() principal: UserPrincipal): Promise<void> {
    await this.logins.logout(principal, body);
  }
}
