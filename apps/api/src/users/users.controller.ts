import { Body, Controller, Get, Patch, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, AuthService, ProfileService, type UserPrincipal } from '@app/auth';
import { UsersService } from '@app/users';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { ListQuery } from '../http/pagination/list.query.js';
import { Pages } from '../http/pagination/pages.js';
import { SparseQueryDto } from '../plans/dto/plan.dto.js';
import { MeDto, UpdateMeDto, UpdateUserDto, UserDto, UserPageDto } from './dto/user.dto.js';

@ApiTags('People')
@ApiCredentials()
@Controller('v1/users')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly profiles: ProfileService,
    private readonly auth: AuthService,
    private readonly pages: Pages,
  ) {}

  @Get('me')
  @Allow({ people: 'user' })
  @ApiOperation({ operationId: 'getMe', summary: 'Read your own account' })
  async me(@CurrentPrincipal() { userId }: UserPrincipal, @Query() _: SparseQueryDto): Promise<MeDto> {
    return MeDto.fromProfile(await this.profiles.get(userId));
  }

  @Patch('me')
  @Allow({ people: 'user' })
  @ApiOperation({ operationId: 'updateMe', summary: 'Change your own account' })
  async updateMe(@CurrentPrincipal() principal: UserPrincipal, @Body() body: UpdateMeDto): Promise<MeDto> {
    const { webhookUrl, mailEnabled, name, region, deviceType, timezone } = body;
    return MeDto.fromProfile(await this.profiles.update(principal, { name, webhookUrl, mailEnabled }, { name, region, deviceType, timezone }));
  }

  @Get()
  @Allow({ people: 'admin' })
  @ApiOperation({ operationId: 'listUsers', summary: 'List accounts, newest first' })
  async list(@Query() query: ListQuery): Promise<UserPageDto> {
    return this.pages.answer(await this.users.list(this.pages.request(query, { list: 'users' })), { list: 'users' }, UserDto.of);
  }

  @Get(':id')
  @Allow({ people: 'admin' })
  @ApiOperation({ operationId: 'getUser', summary: 'Read one account' })
  @ApiProblems(404)
  async get(@UuidParam('id') id: string, @Query() _: SparseQueryDto): Promise<UserDto> {
    return UserDto.of(await this.users.getById(id));
  }

  @Patch(':id')
  @Allow({ people: 'admin' })
  @ApiOperation({ operationId: 'updateUser', summary: 'Change role or activity; there is always an active admin left' })
  @ApiProblems(404, 409)
  async update(@UuidParam('id') id: string, @Body() body: UpdateUserDto, @CurrentPrincipal() principal: UserPrincipal): Promise<UserDto> {
    return UserDto.of(await this.auth.changeStanding(id, body, actorOf(principal)));
  }
}
