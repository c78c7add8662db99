import {
  applyDecorators,
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
  HttpException,
  Inject,
  Injectable,
  Module,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type EntitlementRequirement, guardRequest, type RequireEntitlementOptions } from './guard.js';
import { Tollgate, type TollgateOptions } from './tollgate.js';

const REQUIREMENT_METADATA = 'tollgate:entitlement';
const CUSTOMER_RESOLVER = Symbol('tollgate:customerOf');

type CustomerOf<Request> = RequireEntitlementOptions<Request>['customerOf'];
type RouteRequirement = EntitlementRequirement & { feature: string };

/**
 * Nest guard of routes with `@RequireEntitlement`: checks or consumes before the handler runs.
 *
 * Throws an `HttpException` otherwise: 401 without a customer, 403 or 429 with the decision, 503 in an outage.
 *
 * @example
 * ```ts
 * // @RequireEntitlement applies the guard. To replace it in a test of a controller:
 * Test.createTestingModule({ controllers: [ReportsController] })
 *   .overrideGuard(EntitlementGuard)
 *   .useValue({ canActivate: () => true });
 * ```
 */
@Injectable()
export class EntitlementGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tollgate: Tollgate,
    @Inject(CUSTOMER_RESOLVER) private readonly customerOf: CustomerOf<never>,
  ) {}

  /**
   * Called by Nest before the handler. Returns true if the request may pass.
   *
   * @throws HttpException 401, 403, 429 or 503 with an RFC 9457 problem as its body
   * @throws TollgateError for an error that is neither a denial nor an outage, such as `customer_not_found`
   *
   * @example
   * ```ts
   * await guard.canActivate(context);
   * ```
   */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { feature, ...requirement } = this.reflector.get<RouteRequirement>(
      REQUIREMENT_METADATA,
      context.getHandler(),
    );
    const http = context.switchToHttp();
    const problem = await guardRequest(
      this.tollgate,
      feature,
      { ...requirement, customerOf: this.customerOf },
      http.getRequest<never>(),
    );
    if (!problem) return true;
    const response = http.getResponse<{
      header?: (name: string, value: string) => unknown;
      setHeader?: (name: string, value: string) => unknown;
    }>();
    const setHeader = (response.header ?? response.setHeader)?.bind(response);
    if (problem.retryAfterSeconds !== undefined) setHeader?.('retry-after', String(problem.retryAfterSeconds));
    throw new HttpException(problem.body, problem.status);
  }
}

/**
 * Route decorator: the handler runs only if the customer may use the feature. Needs `TollgateModule`.
 *
 * @example
 * ```ts
 * @Controller('reports')
 * export class ReportsController {
 *   @Post()
 *   @RequireEntitlement('reports', { quantity: 1 })
 *   create() {}
 * }
 * ```
 */
export const RequireEntitlement = (feature: string, requirement: EntitlementRequirement = {}) =>
  applyDecorators(SetMetadata(REQUIREMENT_METADATA, { ...requirement, feature }), UseGuards(EntitlementGuard));

/**
 * Options of the client, with the customer of each request.
 *
 * @example
 * ```ts
 * const options: TollgateModuleOptions<Request> = {
 *   baseUrl: 'https://tollgate.internal',
 *   apiKey: process.env.TOLLGATE_KEY!,
 *   customerOf: (request) => request.user?.account ?? null,
 * };
 * ```
 */
export interface TollgateModuleOptions<Request> extends TollgateOptions {
  /** Returns the key of the customer who makes the request; null if there is none, which responds 401. */
  customerOf: CustomerOf<Request>;
}

/**
 * Nest module, global: provides `Tollgate` and what `@RequireEntitlement` needs.
 *
 * @example
 * ```ts
 * @Module({ imports: [TollgateModule.forRoot({ baseUrl, apiKey, customerOf })] })
 * export class AppModule {}
 *
 * @Injectable()
 * export class ReportsService {
 *   constructor(private readonly tollgate: Tollgate) {}
 * }
 * ```
 */
@Module({})
export class TollgateModule {
  /**
   * Creates the module with one client for the whole application.
   *
   * @example
   * ```ts
   * const customerOf = (request: Request) => request.user?.account ?? null;
   * TollgateModule.forRoot({ baseUrl, apiKey, product: 'api', customerOf });
   * ```
   */
  static forRoot<Request>({ customerOf, ...options }: TollgateModuleOptions<Request>): DynamicModule {
    return {
      module: TollgateModule,
      global: true,
      providers: [
        { provide: Tollgate, useValue: new Tollgate(options) },
        { provide: CUSTOMER_RESOLVER, useValue: customerOf },
        EntitlementGuard,
      ],
      exports: [Tollgate, CUSTOMER_RESOLVER, EntitlementGuard],
    };
  }
}
