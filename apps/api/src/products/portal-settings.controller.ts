import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { PortalSettingsService } from '@app/catalog';
import type { AccessScope } from '@app/kernel';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal, CurrentScope } from '../http/access/current-principal.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { PortalSettingsDto, PutPortalSettingsDto } from './dto/portal-settings.dto.js';

@ApiTags('Portal')
@ApiCredentials()
@Controller('v1/products/:key/portal')
export class PortalSettingsController {
  constructor(private readonly settings: PortalSettingsService) {}

  /**
   * Returns the defaults for a product without settings. Errors: 404 `product_not_found`; 403 `product_not_allowed`.
   */
  @Get()
  @Allow({ scope: 'catalog:read', users: 'product_admin', support: 'reads' })
  @ApiOperation({ operationId: 'getPortalSettings', summary: 'Get the settings of the portal of a product' })
  @ApiProblems(404)
  async get(@Param('key') key: string, @CurrentScope() scope: AccessScope): Promise<PortalSettingsDto> {
    return PortalSettingsDto.of(await this.settings.get(scope.productNamed(key)!));
  }

  /**
   * Replaces the settings: omitted ones have their defaults. Open sessions show the new ones. Errors: 404
   * `product_not_found`; 403 `product_not_allowed`; 422 `invalid_fields` for a colour or URL that is not valid.
   */
  @Put()
  @Allow({ scope: 'catalog:write', users: 'product_admin' })
  @ApiOperation({ operationId: 'putPortalSettings', summary: 'Change the settings of the portal of a product' })
  @ApiProblems(404)
  async put(
    @Param('key') key: string,
    @Body() body: PutPortalSettingsDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<PortalSettingsDto> {
    return PortalSettingsDto.of(await this.settings.put(principal.scope.productNamed(key)!, body, actorOf(principal)));
  }
}
