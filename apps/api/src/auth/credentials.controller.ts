import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { type AttemptSource, CredentialsService, type UserPrincipal } from '@app/auth';
import { Allow } from '../http/access/allow.decorator.js';
import type { Origin } from '@app/kernel';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { RequestOrigin } from '../http/access/request-origin.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { CallerSource } from '../http/throttling/address-block.js';
import { AuthRateLimit } from '../http/throttling/throttling.guard.js';
import { EmptyDto } from '../http/input/empty.dto.js';
import {
  AcceptedDto,
  ActionTokenDto,
  ChangeEmailDto,
  ChangePasswordDto,
  ForgotPasswordDto,
  ResetPasswordDto,
} from './dto/credentials.dto.js';

/** Same response for every address, so that it does not reveal accounts. */
const MAILED: AcceptedDto = { message: 'If a mail is due for this address, it will arrive shortly.' };

@ApiTags('Auth')
@AuthRateLimit()
@Controller('v1/auth')
export class CredentialsController {
  constructor(private readonly credentials: CredentialsService) {}

  /**
   * Use it for "forgot password": when an account has the address, a mail with a token for `POST
   * /v1/auth/reset-password` is enqueued; the token is valid for one hour. The answer and its duration are the same
   * for an unknown address. At most three such mails an hour go to one address. Error: 403
   * `password_login_off`.
   */
  @Post('forgot-password')
  @Idempotent()
  @HttpCode(202)
  @Allow('public')
  @ApiOperation({
    operationId: 'forgotPassword',
    summary: 'Request a password reset mail; the response is the same for every address',
  })
  @ApiProblems(403)
  async forgotPassword(@Body() { email }: ForgotPasswordDto): Promise<AcceptedDto> {
    await this.credentials.forgotPassword(email);
    return MAILED;
  }

  /**
   * Takes the token of the mail that `POST /v1/auth/forgot-password` sent. All sessions of the account end and its
   * login delays are cleared; log in with the new password. Errors: 422 `token_not_valid` for an unknown, used or
   * expired token; 422 `invalid_fields` for a password that is too short or too common.
   */
  @Post('reset-password')
  @Idempotent()
  @HttpCode(204)
  @Allow('public')
  @ApiOperation({
    operationId: 'resetPassword',
    summary: 'Reset the password with the token from a mail; all sessions end',
  })
  @ApiProblems(403)
  async resetPassword(@Body() { token, password }: ResetPasswordDto, @RequestOrigin() origin: Origin): Promise<void> {
    await this.credentials.resetPassword(token, password, origin);
  }

  /**
   * Takes the token of a verification mail, of a registration or of a change of address. For a change, the new
   * address takes effect now and the old one is notified. Errors: 422 `token_not_valid`; 409 `email_taken` when
   * another account has taken the new address.
   */
  @Post('verify-email')
  @Idempotent()
  @HttpCode(204)
  @Allow('public')
  @ApiOperation({ operationId: 'verifyEmail', summary: 'Verify an e-mail address with the token from a mail' })
  @ApiProblems(409)
  async verifyEmail(@Body() { token }: ActionTokenDto, @RequestOrigin() origin: Origin): Promise<void> {
    await this.credentials.verifyEmail(token, origin);
  }

  /**
   * Use it when the verification mail did not arrive: a new mail with a new token is enqueued. Nothing is sent when
   * the address is already verified; the answer is the same. At most three such mails an hour go to one address.
   */
  @Post('resend-verification')
  @Idempotent()
  @HttpCode(202)
  @Allow({ users: 'user' })
  @ApiCredentials()
  @ApiOperation({ operationId: 'resendVerification', summary: 'Resend the verification mail' })
  async resendVerification(@Body() _: EmptyDto, @CurrentPrincipal() principal: UserPrincipal): Promise<AcceptedDto> {
    await this.credentials.resendVerification(principal);
    return MAILED;
  }

  /**
   * Use it on a profile page. The session of this request stays, all others end. Errors: 401 `wrong_credentials` when
   * `currentPassword` is wrong; 422 `invalid_fields` when the new password is too short or too common; 429
   * `too_many_attempts`.
   */
  @Post('change-password')
  @Idempotent()
  @HttpCode(204)
  @Allow({ users: 'user' })
  @ApiCredentials()
  @ApiOperation({ operationId: 'changePassword', summary: 'Change your password; all other sessions end' })
  async changePassword(
    @Body() body: ChangePasswordDto,
    @CurrentPrincipal() principal: UserPrincipal,
    @CallerSource() source: AttemptSource,
  ): Promise<void> {
    await this.credentials.changePassword(principal, body, source);
  }

  /**
   * Sends a mail with a token to the new address; `POST /v1/auth/verify-email` with this token changes the address.
   * Until then the old one is used for logins. Error: 401 `wrong_credentials` when the password is wrong. The answer
   * is the same when another account has the new address.
   */
  @Post('change-email')
  @Idempotent()
  @HttpCode(202)
  @Allow({ users: 'user' })
  @ApiCredentials()
  @ApiOperation({
    operationId: 'changeEmail',
    summary: 'Request a change of your e-mail address; it takes effect when the new address is verified',
  })
  async changeEmail(
    @Body() body: ChangeEmailDto,
    @CurrentPrincipal() principal: UserPrincipal,
    @CallerSource() source: AttemptSource,
  ): Promise<AcceptedDto> {
    await this.credentials.changeEmail(principal, body, source);
    return MAILED;
  }
}
