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
import { refusalOf, type RequireOptions } from './middleware.js';
import { Tollgate, type TollgateOptions } from './tollgate.js';

const REQUIRED = 'tollgate:entitlement';
const CUSTOMER_OF = Symbol('tollgate:customerOf');

type CustomerOf = RequireOptions<never>['customerOf'];
type Required = Pick<RequireOptions<never>, 'quantity' | 'mode' | 'product'> & { feature: string };

/** Asks Tollgate before the handler runs: 403 with why, 429 when the limit is reached, each with the decision. */
@Injectable()
export class EntitlementGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tollgate: Tollgate,
    @Inject(CUSTOMER_OF) private readonly customerOf: CustomerOf,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { feature, ...options } = this.reflector.get<Required>(REQUIRED, context.getHandler());
    const http = context.switchToHttp();
    const refusal = await refusalOf(
      this.tollgate,
      feature,
      { ...options, customerOf: this.customerOf },
      http.getRequest<never>(),
    );
    if (!refusal) return true;
    const response = http.getResponse<{
      header?: (name: string, value: string) => unknown;
      setHeader?: (name: string, value: string) => unknown;
    }>();
    const setHeader = (response.header ?? response.setHeader)?.bind(response);
    if (refusal.retryAfterSeconds !== undefined) setHeader?.('retry-after', String(refusal.retryAfterSeconds));
    throw new HttpException(refusal.body, refusal.status);
  }
}

/** The route is for customers whose plan allows the feature. Needs `TollgateModule`. */
export const RequireEntitlement = (feature: string, options: Omit<Required, 'feature'> = {}) =>
  applyDecorators(SetMetadata(REQUIRED, { ...options, feature }), UseGuards(EntitlementGuard));

@Module({})
export class TollgateModule {
  /** `customerOf` finds the key of the customer who makes a request. */
  static forRoot<Request>(
    options: TollgateOptions & { customerOf: RequireOptions<Request>['customerOf'] },
  ): DynamicModule {
    const { customerOf, ...connection } = options;
    return {
      module: TollgateModule,
      global: true,
      providers: [
        { provide: Tollgate, useValue: new Tollgate(connection) },
        { provide: CUSTOMER_OF, useValue: customerOf },
        EntitlementGuard,
      ],
      exports: [Tollgate, CUSTOMER_OF, EntitlementGuard],
    };
  }
}
