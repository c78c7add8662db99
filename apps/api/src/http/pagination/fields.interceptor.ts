import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import { invalidField } from '@app/kernel';

type Members = Record<string, unknown>;

/** `?fields=a,b`: only these members, of the object or of each row of a list. */
@Injectable()
export class FieldsInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { fields } = context.switchToHttp().getRequest<FastifyRequest<{ Querystring: { fields?: unknown } }>>().query;
    if (typeof fields !== 'string') return next.handle();
    const names = fields.split(',').map((name) => name.trim());
    return next.handle().pipe(map((answer: Members) => (Array.isArray(answer['data']) ? { ...answer, data: (answer['data'] as Members[]).map((row) => pick(row, names)) } : pick(answer, names))));
  }
}

function pick(row: Members, names: string[]): Members {
  const unknown = names.find((name) => !Object.hasOwn(row, name));
  if (unknown !== undefined) throw invalidField('fields', 'names a member that is not there');
  return Object.fromEntries(names.map((name) => [name, row[name]]));
}
