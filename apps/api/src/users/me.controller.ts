import { Body, Controller, Get, HttpCode, Patch, Post, Query, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { AccountDeletionService, AccountsService, ProfileService } from '@app/accounts';
import type { AttemptSource, UserPrincipal } from '@app/auth';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { CallerSource } from '../http/throttling/address-block.js';
import { AuthRateLimit } from '../http/throttling/throttling.guard.js';
import { AnsweredBySchema } from '../http/routes/route.js';
import { SparseQueryDto } from '../plans/dto/plan.dto.js';
import { ConfirmDto, MeDto, UpdateMeDto } from './dto/user.dto.js';
import { ExportAccountOperation } from './export-account.operation.js';
import { UserPresenter } from './user-presenter.js';

const NDJSON = 'application/x-ndjson';

@ApiTags('People')
@ApiCredentials()
@Controller('v1/users/me')
export class MeController {
  constructor(
    private readonly profiles: ProfileService,
    private readonly accounts: AccountsService,
    private readonly deletion: AccountDeletionService,
    private readonly exporting: ExportAccountOperation,
    private readonly presenter: UserPresenter,
  ) {}

  /**
   * Returns the account of the access token with the profile of its customer. Use it after login to show the name,
   * region, language and mail preferences. Error: 404 `user_not_found` when the account was just deleted.
   */
  @Get()
  @Allow({ users: 'user', beforeSecondFactor: true })
  @AnsweredBySchema()
  @ApiOperation({ operationId: 'getMe', summary: 'Get your account' })
  @ApiProblems(404)
  async me(@CurrentPrincipal() { userId }: UserPrincipal, @Query() _: SparseQueryDto): Promise<MeDto> {
    return this.presenter.me(await this.profiles.getOwn(userId));
  }

  /**
   * Changes the given fields; omitted fields stay unchanged. A new region or device type does not change the plan,
   * and a new time zone moves calendar windows from now on. `webhookUrl` creates, changes or deletes the webhook
   * endpoint of the user. Error: 422 `invalid_fields` with the name of each invalid field.
   */
  @Patch()
  @Allow({ users: 'user' })
  @ApiOperation({ operationId: 'updateMe', summary: 'Update your account' })
  @ApiProblems(404)
  async updateMe(@CurrentPrincipal() principal: UserPrincipal, @Body() body: UpdateMeDto): Promise<MeDto> {
    return this.presenter.me(await this.profiles.update(principal, body));
  }

  /**
   * Use it to answer a data access request. The stream has one JSON object a line, each with a `kind`; the last line
   * is `kind: end` with `whole: true`, and a stream without that line is incomplete. Error: 429 `too_many_at_once`
   * for more than two concurrent exports.
   */
  @Get('export')
  @Allow({ users: 'user' })
  @ApiOperation({
    operationId: 'exportMe',
    summary: 'Export all data of your account as NDJSON; the last line confirms that the export is complete',
  })
  @ApiProduces(NDJSON)
  @ApiOkResponse({
    content: { [NDJSON]: { schema: { type: 'string', description: 'One JSON object per line, each with a `kind`.' } } },
  })
  export(@CurrentPrincipal() principal: UserPrincipal): StreamableFile {
    return new StreamableFile(this.exporting.stream(principal), {
      type: NDJSON,
      disposition: 'attachment; filename="account.ndjson"',
    });
  }

  /**
   * Ends all sessions and refuses logins until an admin activates the account again; subscriptions continue and are
   * charged. Needs the password. Errors: 401 `wrong_credentials`; 404 `user_not_found` when
   * the account was just deleted; 409 `last_admin` for the last active admin.
   */
  @Post('deactivate')
  @Idempotent()
  @HttpCode(204)
  @AuthRateLimit()
  @Allow({ users: 'user' })
  @ApiOperation({
    operationId: 'deactivateMe',
    summary: 'Deactivate your account until an admin activates it; all sessions end, subscriptions continue',
  })
  @ApiProblems(404, 409)
  async deactivate(
    @CurrentPrincipal() principal: UserPrincipal,
    @Body() { password }: ConfirmDto,
    @CallerSource() source: AttemptSource,
  ): Promise<void> {
    await this.accounts.deactivateOwn(principal, password, source);
  }

  /**
   * Needs the password and cannot be undone. Cancels the subscriptions, revokes sessions and API keys, and erases
   * personal data; usage and events are kept under ids without a name. Export first with `GET /v1/users/me/export`.
   * Errors: 401 `wrong_credentials`; 404 `customer_not_found` when another request has just deleted the account; 409
   * `last_admin`.
   */
  @Post('delete')
  @Idempotent()
  @HttpCode(204)
  @AuthRateLimit()
  @Allow({ users: 'user' })
  @ApiOperation({
    operationId: 'deleteMe',
    summary: 'Delete your account: cancels its subscriptions and erases personal data; usage and events are kept',
  })
  @ApiProblems(404, 409)
  async delete(
    @CurrentPrincipal() principal: UserPrincipal,
    @Body() { password }: ConfirmDto,
    @CallerSource() source: AttemptSource,
  ): Promise<void> {
    await this.deletion.deleteOwn(principal, password, source);
  }
}
