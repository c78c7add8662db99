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
import { guardRequest, type RequireEntitlementOptions } from './middleware.js';
import { Tollgate, type TollgateOptions } from './tollgate.js';

const REQUIREMENT_METADATA = 'tollgate:entitlement';
const CUSTOMER_RESOLVER = Symbol('tollgate:customerOf');

type CustomerOf = RequireEntitlementOptions<never>['customerOf'];
type EntitlementRequirement = Pick<RequireEntitlementOptions<never>, 'quantity' | 'mode' | 'product'> & {
  feature: string;
};

/** Asks Tollgate before the handler runs: 403 with why, 429 when the limit is reached, each with the decision. */
@Injectable()
export class EntitlementGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tollgate: Tollgate,
    @Inject(CUSTOMER_RESOLVER) private readonly customerOf: CustomerOf,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { feature, ...options } = this.reflector.get<EntitlementRequirement>(
      REQUIREMENT_METADATA,
      context.getHandler(),
    );
    const http = context.switchToHttp();
    const problem = await guardRequest(
      this.tollgate,
      feature,
      { ...options, customerOf: this.customerOf },
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

/** The route is for customers whose plan allows the feature. Needs `TollgateModule`. */
export const RequireEntitlement = (feature: string, options: Omit<EntitlementRequirement, 'feature'> = {}) =>
  applyDecorators(SetMetadata(REQUIREMENT_METADATA, { ...options, feature }), UseGuards(EntitlementGuard));

@Module({})
export class TollgateModule {
  /** `customerOf` finds the key of the customer who makes a request. */
  static forRoot<Request>(
    options: TollgateOptions & { customerOf: RequireEntitlementOptions<Request>['customerOf'] },
  ): DynamicModule {
    const { customerOf, ...connection } = options;
    return {
      module: TollgateModule,
      global: true,
      providers: [
        { provide: Tollgate, useValue: new Tollgate(connection) },
        { provide: CUSTOMER_RESOLVER, useValue: customerOf },
        EntitlementGuard,
      ],
      exports: [Tollgate, CUSTOMER_RESOLVER, EntitlementGuard],
    };
  }
}
