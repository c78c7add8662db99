import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { CredentialsService, type UserPrincipal } from '@app/auth';
import { Allow } from '../http/access/allow.decorator.js';
import type { Origin } from '@app/kernel';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { RequestOrigin } from '../http/access/request-origin.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { CallerAddress } from '../http/throttling/address-block.js';
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

/** The same for every address, whatever there is at it. */
const MAILED: AcceptedDto = { message: 'If there is something to be done for this address, mail is on its way to it.' };

@ApiTags('Auth')
@AuthRateLimit()
@Controller('v1/auth')
export class CredentialsController {
  constructor(private readonly credentials: CredentialsService) {}

  @Post('forgot-password')
  @Idempotent()
  @HttpCode(202)
  @Allow('public')
  @ApiOperation({
    operationId: 'forgotPassword',
    summary: 'Ask for a mail to choose a new password with; the answer is the same for every address',
  })
  @ApiProblems()
  async forgotPassword(@Body() { email }: ForgotPasswordDto): Promise<AcceptedDto> {
    await this.credentials.forgotPassword(email);
    return MAILED;
  }

  @Post('reset-password')
  @Idempotent()
  @HttpCode(204)
  @Allow('public')
  @ApiOperation({
    operationId: 'resetPassword',
    summary: 'Choose a new password with the token of a mail; all sessions end',
  })
  @ApiProblems()
  async resetPassword(@Body() { token, password }: ResetPasswordDto, @RequestOrigin() origin: Origin): Promise<void> {
    await this.credentials.resetPassword(token, password, origin);
  }

  @Post('verify-email')
  @Idempotent()
  @HttpCode(204)
  @Allow('public')
  @ApiOperation({ operationId: 'verifyEmail', summary: 'Confirm an e-mail address with the token of a mail' })
  @ApiProblems(409)
  async verifyEmail(@Body() { token }: ActionTokenDto, @RequestOrigin() origin: Origin): Promise<void> {
    await this.credentials.verifyEmail(token, origin);
  }

  @Post('resend-verification')
  @Idempotent()
  @HttpCode(202)
  @Allow({ users: 'user' })
  @ApiCredentials()
  @ApiOperation({ operationId: 'resendVerification', summary: 'Send the mail that confirms the address once more' })
  async resendVerification(@Body() _: EmptyDto, @CurrentPrincipal() principal: UserPrincipal): Promise<AcceptedDto> {
    await this.credentials.resendVerification(principal);
    return MAILED;
  }

  @Post('change-password')
  @Idempotent()
  @HttpCode(204)
  @Allow({ users: 'user' })
  @ApiCredentials()
  @ApiOperation({ operationId: 'changePassword', summary: 'Change your password; all your other sessions end' })
  async changePassword(
    @Body() body: ChangePasswordDto,
    @CurrentPrincipal() principal: UserPrincipal,
    @CallerAddress() source: string,
  ): Promise<void> {
    await this.credentials.changePassword(principal, body, source);
  }

  @Post('change-email')
  @Idempotent()
  @HttpCode(202)
  @Allow({ users: 'user' })
  @ApiCredentials()
  @ApiOperation({
    operationId: 'changeEmail',
    summary: 'Ask for another e-mail address; it changes when the mail to it is confirmed',
  })
  async changeEmail(
    @Body() body: ChangeEmailDto,
    @CurrentPrincipal() principal: UserPrincipal,
    @CallerAddress() source: string,
  ): Promise<AcceptedDto> {
    await this.credentials.changeEmail(principal, body, source);
    return MAILED;
  }
}
