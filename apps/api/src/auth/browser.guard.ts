import { type ExecutionContext, Injectable } from '@nestjs/common';
import { DomainError } from '@app/kernel';
import { Config } from '@app/platform';
import { type CompilableGuard, type RouteRequest, runGuard, type Step } from '../http/routes/route.js';

/** Where every route begins that sets or reads the refresh cookie. */
export const BROWSER_ROUTES = '/v1/auth/browser';
/** A page of another site cannot send it without a preflight request, which fails. */
export const BROWSER_HEADER = 'x-tollgate-browser';

/**
 * Admits requests of the service's own pages only: with the header, and an `Origin` of PUBLIC_URL or CORS_ORIGINS. The
 * cookie is `SameSite=Strict` besides; these checks also hold against pages on sibling domains, and protect the login.
 */
@Injectable()
export class BrowserGuard implements CompilableGuard {
  constructor(private readonly config: Config) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return runGuard(this, context);
  }

  compile(): Step {
    const { browserOrigins } = this.config.signIn;
    return ({ headers }: RouteRequest) => {
      const { origin } = headers;
      if (headers[BROWSER_HEADER] === '1' && origin !== undefined && browserOrigins.includes(origin)) return;
      throw new DomainError(
        'forbidden',
        'cross_site_request',
        'The route needs the header X-Tollgate-Browser: 1 and an Origin of PUBLIC_URL or CORS_ORIGINS.',
      );
    };
  }
}
