import { type ArgumentMetadata, Injectable, type ValidationError, ValidationPipe } from '@nestjs/common';
import { DomainError, type FieldError } from '@app/kernel';
import { type Check, type Class, compile } from './quick-check.js';

/**
 * Refuses unknown fields and wrong types: 422 with every field named. Values are never echoed.
 * What is valid passes by the rules of its class, compiled once; only what is not goes through the long inspection that tells why.
 */
@Injectable()
export class InputPipe extends ValidationPipe {
  private readonly checks = new Map<Class, Check | null>();

  constructor() {
    super({
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: false,
      transform: true,
      stopAtFirstError: true,
      exceptionFactory: (errors) =>
        new DomainError('invalid', 'invalid_fields', 'Some fields are not valid.', {
          errors: errors.flatMap((error) => fieldErrors(error)),
        }),
    });
  }

  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { type, metatype } = metadata;
    // Nest awaits what it gets: a value that needs nothing may go on as it is.
    if (type === 'custom') return value as Promise<unknown>;
    if (type === 'body' && metatype && this.checkOf(metatype)?.(value)) return value as Promise<unknown>;
    return super.transform(value, metadata);
  }

  private checkOf(type: Class): Check | null {
    let check = this.checks.get(type);
    if (check === undefined) this.checks.set(type, (check = compile(type)));
    return check;
  }
}

function fieldErrors(error: ValidationError, path = ''): FieldError[] {
  const field = path + error.property;
  const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => ({
    field,
    message:
      rule === 'whitelistValidation' ? 'is not a field of this request' : message.replace(`${error.property} `, ''),
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => fieldErrors(child, `${field}.`))];
}
