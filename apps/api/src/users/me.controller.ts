import { Body, Controller, Get, HttpCode, Patch, Post, Query, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { AccountDeletionService, AccountsService, ProfileService } from '@app/accounts';
import type { UserPrincipal } from '@app/auth';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { CallerAddress } from '../http/throttling/address-block.js';
import { AuthRateLimit } from '../http/throttling/throttling.guard.js';
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

  @Get()
  @Allow({ users: 'user' })
  @ApiOperation({ operationId: 'getMe', summary: 'Get your account' })
  async me(@CurrentPrincipal() { userId }: UserPrincipal, @Query() _: SparseQueryDto): Promise<MeDto> {
    return this.presenter.me(await this.profiles.get(userId));
  }

  @Patch()
  @Allow({ users: 'user' })
  @ApiOperation({ operationId: 'updateMe', summary: 'Update your account' })
  async updateMe(@CurrentPrincipal() principal: UserPrincipal, @Body() body: UpdateMeDto): Promise<MeDto> {
    return this.presenter.me(await this.profiles.update(principal, body));
  }

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

  @Post('deactivate')
  @Idempotent()
  @HttpCode(204)
  @AuthRateLimit()
  @Allow({ users: 'user' })
  @ApiOperation({
    operationId: 'deactivateMe',
    summary: 'Deactivate your account until an admin activates it; all sessions end, subscriptions continue',
  })
  @ApiProblems(409)
  async deactivate(
    @CurrentPrincipal() principal: UserPrincipal,
    @Body() { password }: ConfirmDto,
    @CallerAddress() source: string,
  ): Promise<void> {
    await this.accounts.deactivateOwn(principal, password, source);
  }

  @Post('delete')
  @Idempotent()
  @HttpCode(204)
  @AuthRateLimit()
  @Allow({ users: 'user' })
  @ApiOperation({
    operationId: 'deleteMe',
    summary: 'Delete your account: cancels its subscriptions and erases personal data; usage and events are kept',
  })
  @ApiProblems(409)
  async delete(
    @CurrentPrincipal() principal: UserPrincipal,
    @Body() { password }: ConfirmDto,
    @CallerAddress() source: string,
  ): Promise<void> {
    await this.deletion.deleteOwn(principal, password, source);
  }
}
