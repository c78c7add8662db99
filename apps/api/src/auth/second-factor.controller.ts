import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { type AttemptSource, SecondFactorsService, type UserPrincipal } from '@app/auth';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { CallerSource } from '../http/throttling/address-block.js';
import { AuthRateLimit } from '../http/throttling/throttling.guard.js';
import {
  CodeDto,
  DisableSecondFactorDto,
  PasswordDto,
  RecoveryCodesDto,
  SecondFactorDto,
  SecondFactorSecretDto,
} from './dto/second-factor.dto.js';

/** The caller's second factor. */
@ApiTags('Auth')
@ApiCredentials()
@AuthRateLimit()
@Controller('v1/auth/second-factor')
export class SecondFactorController {
  constructor(private readonly secondFactors: SecondFactorsService) {}

  /** Shows whether logins of your account need a code, and how many recovery codes are left. */
  @Get()
  @Allow({ users: 'user', beforeSecondFactor: true })
  @ApiOperation({ operationId: 'getSecondFactor', summary: 'Get the state of your second factor' })
  async get(@CurrentPrincipal() { userId }: UserPrincipal): Promise<SecondFactorDto> {
    const factor = await this.secondFactors.find(userId);
    const confirmedAt = factor?.confirmedAt ?? null;
    return { enabled: confirmedAt !== null, confirmedAt, recoveryCodesLeft: factor?.recoveryCodesLeft ?? 0 };
  }

  /**
   * Returns a new secret for an authenticator app (TOTP, RFC 6238). It takes effect with `POST
   * /v1/auth/second-factor/confirm`; until then each call replaces it. Errors: 401 `wrong_credentials`; 403
   * `second_factor_not_offered` for the role `user`; 409 `second_factor_enabled`; 429 `too_many_attempts`.
   */
  @Post()
  @Idempotent()
  @Allow({ users: 'user', beforeSecondFactor: true })
  @ApiOperation({ operationId: 'setUpSecondFactor', summary: 'Set up a second factor; the secret is shown once' })
  @ApiProblems(409)
  setUp(
    @Body() { password }: PasswordDto,
    @CurrentPrincipal() principal: UserPrincipal,
    @CallerSource() source: AttemptSource,
  ): Promise<SecondFactorSecretDto> {
    return this.secondFactors.setUp(principal, password, source);
  }

  /**
   * Enables the second factor with a code of the app. From now on logins need a code; all other sessions end. Errors:
   * 401 `wrong_code`; 409 `second_factor_not_set_up` or `second_factor_enabled`.
   */
  @Post('confirm')
  @Idempotent()
  @HttpCode(200)
  @Allow({ users: 'user', beforeSecondFactor: true })
  @ApiOperation({
    operationId: 'confirmSecondFactor',
    summary: 'Enable the second factor with its first code; the recovery codes are shown once',
  })
  @ApiProblems(409)
  confirm(@Body() { code }: CodeDto, @CurrentPrincipal() principal: UserPrincipal): Promise<RecoveryCodesDto> {
    return this.secondFactors.confirm(principal, code);
  }

  /**
   * Deletes the second factor and its recovery codes; all other sessions end. Errors: 401 `wrong_credentials` or
   * `wrong_code`; 409 `second_factor_not_readable` after a change of SECRET_KEY, for codes of the app; 429
   * `too_many_attempts`.
   */
  @Post('disable')
  @Idempotent()
  @HttpCode(204)
  @Allow({ users: 'user' })
  @ApiOperation({ operationId: 'disableSecondFactor', summary: 'Disable your second factor with password and code' })
  @ApiProblems(409)
  async disable(
    @Body() body: DisableSecondFactorDto,
    @CurrentPrincipal() principal: UserPrincipal,
    @CallerSource() source: AttemptSource,
  ): Promise<void> {
    await this.secondFactors.disable(principal, body, source);
  }
}
