import { type ArgumentMetadata, Injectable, type ValidationError, ValidationPipe } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { DomainError, type FieldError } from '@app/kernel';
import { type Check, type Class, compile } from './quick-check.js';

const MAX_REMEMBERED = 200;
const MAX_REMEMBERED_LENGTH = 500;

/**
 * Rejects unknown fields and invalid values: 422 with the name of every field. Values are never echoed.
 * Fast path: the rules of a class are compiled once, and a valid body passes. Only an invalid one goes to
 * class-validator, for the messages.
 */
@Injectable()
export class InputPipe extends ValidationPipe {
  private readonly checks = new Map<Class, Check | null>();
  /** Valid queries by their class and their JSON. Frozen, because requests share them. */
  private readonly queries = new Map<Class, LRUCache<string, object>>();

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
    if (type === 'custom' || metatype === String) return value as Promise<unknown>;
    if (type === 'body' && metatype && this.checkOf(metatype)?.(value)) return value as Promise<unknown>;
    if (type === 'query' && metatype) return this.ofQuery(value as object, metadata);
    return super.transform(value, metadata);
  }

  /** The same queries come again and again: each is validated once. */
  private ofQuery(query: object, metadata: ArgumentMetadata): Promise<unknown> {
    const text = JSON.stringify(query);
    if (text.length > MAX_REMEMBERED_LENGTH) return super.transform(query, metadata);
    const known = this.queries.get(metadata.metatype!) ?? new LRUCache({ max: MAX_REMEMBERED });
    this.queries.set(metadata.metatype!, known);
    const valid = known.get(text);
    return valid
      ? (valid as Promise<unknown>)
      : super.transform(query, metadata).then((checked: object) => {
          known.set(text, Object.freeze(checked));
          return checked;
        });
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
      rule === 'whitelistValidation'
        ? 'is not a field of this request'
        : message.replace(`each value in ${error.property} `, 'each value ').replace(`${error.property} `, ''),
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => fieldErrors(child, `${field}.`))];
}
