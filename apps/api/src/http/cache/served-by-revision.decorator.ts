import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Injectable,
  SetMetadata,
  UseInterceptors,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension } from '@nestjs/swagger';
import type { Observable } from 'rxjs';
import { VERSIONED } from '../openapi/versioned.js';
import { type Around, type CompilableInterceptor, type RouteTarget, runInterceptor } from '../routes/route.js';
import { CatalogPages } from './catalog-pages.js';

const VERSION_MEMBER = 'pages:version';

@Injectable()
export class CatalogPagesInterceptor implements CompilableInterceptor {
  constructor(
    private readonly pages: CatalogPages,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    return runInterceptor(this, context, () => next.handle());
  }

  compile({ handler }: RouteTarget): Around {
    const version = this.reflector.get<string | undefined>(VERSION_MEMBER, handler);
    return (request, reply, next) => this.pages.serve(request, reply, { read: next, version });
  }
}

/**
 * For a read of the catalogue: its response is kept as bytes until the catalogue changes, for at most 2 s, with an
 * ETag. Nothing but the URL and `scope.catalogView` of the caller may decide its content.
 * @param version member of the answer that is its ETag; left out: a weak ETag from the bytes
 */
export const ServedByRevision = (version?: string) =>
  applyDecorators(
    SetMetadata(VERSION_MEMBER, version),
    UseInterceptors(CatalogPagesInterceptor),
    ApiExtension(VERSIONED, true),
  );
