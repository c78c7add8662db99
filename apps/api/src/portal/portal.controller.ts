import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { PortalSessionsService, type Principal } from '@app/auth';
import { PortalSettingsService } from '@app/catalog';
import type { Customer } from '@app/customers';
import type { Origin } from '@app/kernel';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentCustomer, CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { EventScope } from '../http/access/event-scope.js';
import { ResolveCustomer } from '../http/access/owner.guard.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { RequestOrigin } from '../http/access/request-origin.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { Pages } from '../http/pagination/pages.js';
import { AuthRateLimit } from '../http/throttling/throttling.guard.js';
import {
  CreatePortalSessionDto,
  ExchangePortalLinkDto,
  ListPortalSessionsQueryDto,
  OpenedPortalSessionDto,
  PortalLinkDto,
  PortalLookDto,
  PortalQueryDto,
  PortalSessionPageDto,
} from './dto/portal.dto.js';

@ApiTags('Portal')
@Controller('v1')
export class PortalController {
  constructor(
    private readonly sessions: PortalSessionsService,
    private readonly settings: PortalSettingsService,
    private readonly scope: EventScope,
    private readonly pages: Pages,
  ) {}

  /**
   * Returns a link that opens the pages of the customer on the product. It is valid once and for 15 minutes. Create it
   * when the customer opens its pages in your service, and redirect the browser; do not send it by mail. Errors: 404
   * `customer_not_found` or `product_not_found`; 403 `product_not_allowed`; 422 `invalid_fields` for a `returnUrl` that
   * the product does not allow.
   */
  @Post('portal-sessions')
  @Idempotent()
  @Allow({ scope: 'portal:write', users: 'product_admin' })
  @ApiCredentials()
  @ResolveCustomer()
  @ApiOperation({ operationId: 'createPortalSession', summary: 'Create a one-time link to the portal of a customer' })
  @ApiProblems(404)
  create(
    @CurrentCustomer() customer: Customer,
    @Body() { returnUrl }: CreatePortalSessionDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<PortalLinkDto> {
    return this.sessions.create({ customer, product, returnUrl }, principal);
  }

  /**
   * Sessions that ended more than a day ago are left out. The link itself is not returned again. Errors: 404
   * `customer_not_found` or `product_not_found`; 403 `product_not_allowed`.
   */
  @Get('portal-sessions')
  @Allow({ scope: 'portal:write', users: 'product_admin', support: 'reads' })
  @ApiCredentials()
  @ApiOperation({ operationId: 'listPortalSessions', summary: 'List portal sessions and unused links, newest first' })
  @ApiProblems(404)
  async list(
    @Query() query: ListPortalSessionsQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<PortalSessionPageDto> {
    const scope = await this.scope.narrow(query, principal.scope);
    const binding = { ...scope, portalSessions: true };
    const page = await this.sessions.list(this.pages.request(query, binding), scope);
    return this.pages.answer(page, binding, (session) => session);
  }

  /**
   * Exchanges the token of a link for the access token of a session of one hour. A link is used up by its first
   * exchange: of concurrent ones, one succeeds. Error: 401 `invalid_portal_link` for a link that is unknown, used,
   * expired or revoked, without a difference between them.
   */
  @Post('portal-sessions/exchange')
  @Idempotent()
  @HttpCode(200)
  @AuthRateLimit()
  @Allow('public')
  @ApiOperation({ operationId: 'exchangePortalLink', summary: 'Open the session of a portal link' })
  @ApiProblems(401)
  async exchange(
    @Body() { token }: ExchangePortalLinkDto,
    @RequestOrigin() origin: Origin,
  ): Promise<OpenedPortalSessionDto> {
    return { ...(await this.sessions.exchange(token, origin)), tokenType: 'Bearer' };
  }

  /**
   * Ends a session, or makes its link useless, on every instance within one second. A session may end itself. Repeating
   * it changes nothing. Error: 404 `portal_session_not_found`.
   */
  @Delete('portal-sessions/:id')
  @HttpCode(204)
  @Allow({ scope: 'portal:write', users: 'product_admin', portal: true })
  @ApiCredentials()
  @ApiOperation({ operationId: 'revokePortalSession', summary: 'End a portal session, or revoke its link' })
  @ApiProblems(404)
  async revoke(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<void> {
    await this.sessions.revoke(id, principal);
  }

  /** For the pages of the portal. Errors: 404 `product_not_found`; 403 `product_not_allowed`. */
  @Get('portal/settings')
  @Allow({ users: 'user', portal: true })
  @ApiCredentials()
  @ApiOperation({ operationId: 'getPortalLook', summary: 'Get name, logo and colours of the portal' })
  @ApiProblems(404)
  async look(@ProductKey() product: string, @Query() _: PortalQueryDto): Promise<PortalLookDto> {
    const { name, logoUrl, colors } = await this.settings.get(product);
    return { product, name, logoUrl, colors };
  }
}
