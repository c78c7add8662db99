import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { UserPrincipal } from '@app/auth';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ApiCredentials } from '../http/openapi/problem.dto.js';
import { PermissionsDto } from './dto/permissions.dto.js';
import { PermissionsOperation } from './permissions.operation.js';

@ApiTags('People')
@ApiCredentials()
@Controller('v1/users/me/permissions')
export class PermissionsController {
  constructor(private readonly permissions: PermissionsOperation) {}

  /**
   * Use it to hide what the user may not do: an operation that is in none of the lists answers 403. The lists are made
   * from the access rules of the routes, and change with the role of the user.
   */
  @Get()
  @Allow({ users: 'user' })
  @ApiOperation({ operationId: 'getMyPermissions', summary: 'List the operations that you may call' })
  mine(@CurrentPrincipal() principal: UserPrincipal): PermissionsDto {
    return this.permissions.of(principal);
  }
}
