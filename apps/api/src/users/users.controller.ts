import { Body, Controller, Delete, Get, HttpCode, Patch, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AccountDeletionService, AccountsService } from '@app/accounts';
import { actorOf, SecondFactorsService, type UserPrincipal } from '@app/auth';
import { UsersService } from '@app/users';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { Pages } from '../http/pagination/pages.js';
import { SparseQueryDto } from '../plans/dto/plan.dto.js';
import { ListUsersQueryDto, RemoveUserQueryDto, UpdateUserDto, UserDto, UserPageDto } from './dto/user.dto.js';
import { UserPresenter } from './user-presenter.js';

@ApiTags('People')
@ApiCredentials()
@Controller('v1/users')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly accounts: AccountsService,
    private readonly deletion: AccountDeletionService,
    private readonly secondFactors: SecondFactorsService,
    private readonly presenter: UserPresenter,
    private readonly pages: Pages,
  ) {}

  /**
   * Use `email` to find one account in any spelling of its address. Only admins and support may read accounts of
   * others.
   */
  @Get()
  @Allow({ users: 'admin', support: 'reads' })
  @ApiOperation({ operationId: 'listUsers', summary: 'List accounts, newest first' })
  async list(@Query() query: ListUsersQueryDto): Promise<UserPageDto> {
    const binding = { list: 'users', email: query.email };
    const page = await this.users.list(this.pages.request(query, binding), query.email);
    return { ...this.pages.answer(page, binding, () => null), data: await this.presenter.many(page.data) };
  }

  /**
   * Returns role, status and preferences of an account; its customer is a separate object. Error: 404
   * `user_not_found`.
   */
  @Get(':id')
  @Allow({ users: 'admin', support: 'reads' })
  @ApiOperation({ operationId: 'getUser', summary: 'Get an account' })
  @ApiProblems(404)
  async get(@UuidParam('id') id: string, @Query() _: SparseQueryDto): Promise<UserDto> {
    return this.presenter.one(await this.users.getById(id));
  }

  /**
   * Makes a user an admin, product admin or support, or deactivates an account. All sessions of the user end, so that
   * the new rights apply immediately. Errors: 404 `user_not_found` or `product_not_found`; 409 `last_admin`: at least
   * one active admin must remain.
   */
  @Patch(':id')
  @Allow({ users: 'admin' })
  @ApiOperation({
    operationId: 'updateUser',
    summary: 'Change role or status of an account; at least one active admin must remain',
  })
  @ApiProblems(404, 409)
  async update(
    @UuidParam('id') id: string,
    @Body() body: UpdateUserDto,
    @CurrentPrincipal() principal: UserPrincipal,
  ): Promise<UserDto> {
    return this.presenter.one(await this.accounts.changeRoleAndStatus(id, body, actorOf(principal)));
  }

  /**
   * Cannot be undone. Cancels the subscriptions, revokes sessions and API keys, and erases personal data; usage and
   * events are kept under ids without a name. Errors: 404 `user_not_found`; 409 `last_admin`.
   */
  @Delete(':id')
  @HttpCode(204)
  @Allow({ users: 'admin' })
  @ApiOperation({
    operationId: 'deleteUser',
    summary: 'Delete an account: cancels its subscriptions and erases personal data; usage and events are kept',
  })
  @ApiProblems(404, 409)
  async remove(
    @UuidParam('id') id: string,
    @Query() { reason }: RemoveUserQueryDto,
    @CurrentPrincipal() principal: UserPrincipal,
  ): Promise<void> {
    await this.deletion.delete(id, actorOf(principal), reason);
  }

  /**
   * Use it when a user lost the phone and the recovery codes: the user logs in with the password again. All sessions of
   * the user end, and the audit log has the reason. Errors: 404 `user_not_found` or `second_factor_not_found`; 409
   * `own_second_factor`: disable your own with a code.
   */
  @Delete(':id/second-factor')
  @HttpCode(204)
  @Allow({ users: 'admin' })
  @ApiOperation({ operationId: 'resetSecondFactor', summary: 'Reset the second factor of a user; its sessions end' })
  @ApiProblems(404, 409)
  async resetSecondFactor(
    @UuidParam('id') id: string,
    @Query() { reason }: RemoveUserQueryDto,
    @CurrentPrincipal() principal: UserPrincipal,
  ): Promise<void> {
    await this.secondFactors.reset(id, principal, reason);
  }
}
