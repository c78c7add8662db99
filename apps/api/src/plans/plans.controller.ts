import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import type { AccessScope } from '@app/kernel';
import { PlansService } from '@app/catalog';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal, CurrentScope } from '../http/access/current-principal.decorator.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { ServedByRevision } from '../http/cache/served-by-revision.decorator.js';
import { Etag } from '../http/etag/etag.interceptor.js';
import { IfMatch } from '../http/etag/if-match.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { ApiCredentials, ApiOptionalCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { Pages } from '../http/pagination/pages.js';
import {
  CreatePlanDto,
  PlanDto,
  PlanListQueryDto,
  PlanPageDto,
  PlanVersionDto,
  PlanVersionPageDto,
  ProductListQueryDto,
  ProductOnlyDto,
  ProductQueryDto,
  UpdatePlanDto,
} from './dto/plan.dto.js';

@ApiTags('Catalogue')
@Controller('v1/plans')
export class PlansController {
  constructor(
    private readonly plans: PlansService,
    private readonly pages: Pages,
  ) {}

  /**
   * Use it for a price page: without credentials it returns published and public plans, for two seconds from a cache.
   * Admins and services see all plans and may filter by `status`. Filters keep the plans that are sold for this
   * region, device type, currency and interval. Error: 404 `product_not_found`.
   */
  @Get()
  @Allow('optional')
  @ServedByRevision()
  @ApiOperation({ operationId: 'listPlans', summary: 'List plans, newest first' })
  @ApiOptionalCredentials()
  @ApiProblems(404)
  async list(
    @Query() query: PlanListQueryDto,
    @ProductKey() product: string,
    @CurrentScope() { wholeCatalog }: AccessScope,
  ): Promise<PlanPageDto> {
    const { status, region, deviceType, currency, interval } = query;
    const binding = { ...query, product, everything: wholeCatalog };
    const page = await this.plans.list(
      product,
      this.pages.request(query, binding),
      { status, region, deviceType, currency, interval },
      wholeCatalog,
    );
    return this.pages.answer(page, binding, PlanDto.fromPlan);
  }

  /**
   * Returns the published version, or the first draft for those who may see drafts. The `ETag` is the revision of the
   * plan: send it as `If-Match` when you change the plan. Error: 404 `plan_not_found`, also for drafts and private
   * plans that the caller may not see.
   */
  @Get(':key')
  @Allow('optional')
  @ServedByRevision('revision')
  @ApiOperation({ operationId: 'getPlan', summary: 'Get a plan' })
  @ApiOptionalCredentials()
  @ApiProblems(404)
  async get(
    @Param('key') key: string,
    @Query() _: ProductQueryDto,
    @ProductKey() product: string,
    @CurrentScope() { wholeCatalog }: AccessScope,
  ): Promise<PlanDto> {
    return PlanDto.fromPlan(await this.plans.get(product, key, wholeCatalog));
  }

  /**
   * Shows the terms at each time and the draft. A subscription stays on the version that it was sold. Error: 404
   * `plan_not_found`.
   */
  @Get(':key/versions')
  @Allow({ scope: 'catalog:read', users: 'product_admin', support: 'reads' })
  @ServedByRevision()
  @ApiOperation({ operationId: 'listPlanVersions', summary: 'List all versions of a plan, newest first' })
  @ApiCredentials()
  @ApiProblems(404)
  async versions(
    @Param('key') key: string,
    @Query() query: ProductListQueryDto,
    @ProductKey() product: string,
  ): Promise<PlanVersionPageDto> {
    const binding = { ...query, product, key };
    return this.pages.answer(
      await this.plans.versions(product, key, this.pages.request(query, binding)),
      binding,
      PlanVersionDto.of,
    );
  }

  /**
   * Creates the plan as a draft, which is not sold yet; publish it with `POST /v1/plans/{key}/publish`. Errors: 404
   * `product_not_found`; 409 `plan_exists`; 422 `invalid_fields` when an entitlement names an unknown feature or
   * terms that do not fit its type.
   */
  @Post()
  @Idempotent()
  @Allow({ scope: 'catalog:write', users: 'product_admin' })
  @Etag('revision')
  @ApiOperation({ operationId: 'createPlan', summary: 'Create a plan with a draft version' })
  @ApiCredentials()
  @ApiProblems(404, 409)
  async create(
    @Body() body: CreatePlanDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<PlanDto> {
    return PlanDto.fromPlan(await this.plans.create(product, body, actorOf(principal)));
  }

  /**
   * Edits the draft, or creates one from the published version; a published version never changes, and subscriptions
   * keep theirs. The answer shows the published version; the draft is in the list of versions. Errors: 404
   * `plan_not_found`; 409 `plan_archived`; 412 `stale`; 422 `invalid_fields`.
   */
  @Patch(':key')
  @Allow({ scope: 'catalog:write', users: 'product_admin' })
  @Etag('revision')
  @ApiOperation({
    operationId: 'updatePlan',
    summary: 'Edit the draft version, or create one',
  })
  @ApiCredentials()
  @ApiProblems(404, 409, 412)
  async update(
    @Param('key') key: string,
    @Body() body: UpdatePlanDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedRevision?: number,
  ): Promise<PlanDto> {
    return PlanDto.fromPlan(
      await this.plans.change({ product, key, actor: actorOf(principal), expectedRevision }, body),
    );
  }

  /**
   * New subscriptions get this version from now on; existing ones stay on theirs until they are changed or migrated
   * with `POST /v1/plans/{key}/moves`. Errors: 404 `plan_not_found`; 409 `nothing_to_publish`, `no_price` or
   * `plan_archived`; 412 `stale`.
   */
  @Post(':key/publish')
  @Idempotent()
  @HttpCode(200)
  @Allow({ scope: 'catalog:write', users: 'product_admin' })
  @Etag('revision')
  @ApiOperation({ operationId: 'publishPlan', summary: 'Publish the draft version; a published version never changes' })
  @ApiCredentials()
  @ApiProblems(404, 409, 412)
  async publish(
    @Param('key') key: string,
    @Body() _: ProductOnlyDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedRevision?: number,
  ): Promise<PlanDto> {
    return PlanDto.fromPlan(await this.plans.publish({ product, key, actor: actorOf(principal), expectedRevision }));
  }

  /**
   * The plan is no longer sold; existing subscriptions continue and renew. Errors: 404 `plan_not_found`; 409
   * `plan_archived`, or `plan_assigned` while an assignment rule gives the plan to new customers; 412 `stale`.
   */
  @Post(':key/archive')
  @Idempotent()
  @HttpCode(200)
  @Allow({ scope: 'catalog:write', users: 'product_admin' })
  @Etag('revision')
  @ApiOperation({ operationId: 'archivePlan', summary: 'Archive a plan; existing subscriptions continue' })
  @ApiCredentials()
  @ApiProblems(404, 409, 412)
  async archive(
    @Param('key') key: string,
    @Body() _: ProductOnlyDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedRevision?: number,
  ): Promise<PlanDto> {
    return PlanDto.fromPlan(await this.plans.archive({ product, key, actor: actorOf(principal), expectedRevision }));
  }
}
