import { type ArgumentMetadata, Injectable, type ValidationError, ValidationPipe } from '@nestjs/common';
import { DomainError, type FieldError } from '@app/kernel';
import { type Check, type Class, compile } from './quick-check.js';

/**
 * Rejects unknown fields and invalid values: 422 with the name of every field. Values are never echoed.
 * Fast path: the rules of a class are compiled once, and a valid body passes. Only an invalid one goes to
 * class-validator, for the messages.
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
    // Nest awaits the result: a value that needs no check may be returned without a promise.
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
