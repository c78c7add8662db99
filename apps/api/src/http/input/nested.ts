import { applyDecorators } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsObject, ValidateNested } from 'class-validator';

/**
 * A field that is an object of a class; with `each`, an array of them. `@ValidateNested` alone accepts an array for an
 * object, and a field that is left out.
 * @example
 * @Nested(() => MoneyDto)
 * price: MoneyDto;
 */
export const Nested = (type: () => new () => object, { each = false } = {}) =>
  applyDecorators(ValidateNested({ each }), IsObject({ each }), Type(type));
