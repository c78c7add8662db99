import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import {
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import { MAX_WINDOW_COUNT, WINDOW_ANCHORS } from '@app/catalog';
import { INTERVALS, MAX_COUNT } from '@app/kernel';
import { isInstant } from './instants.js';

/** Options of one use of a field. Without a description the doc comment above the field is published. */
export interface FieldOptions {
  /** `not null`: may be left out, but null is refused. @default false */
  optional?: boolean | 'not null';
  description?: string;
  example?: string | number | object;
}

/** A text that must not be empty, where most may be. */
export interface TextOptions extends FieldOptions {
  /** @default false */
  nonEmpty?: boolean;
}

/** Id in examples of the document. */
export const EXAMPLE_ID = '019a8f3e-5c1d-7b42-9e06-3f7a2d8c4b15';

const MAX_KEY = 64;
const MAX_CUSTOMER_KEY = 128;
const MAX_NAME = 200;
const MAX_EMAIL = 254;
const MAX_REASON = 500;
const MAX_SEARCH = 128;
const MAX_FIELD_LIST = 512;

/**
 * Fields that many requests share: one decorator sets the validation rules and the OpenAPI schema.
 *
 * The build's swagger plugin adds types and doc comments, but cannot see rules behind a function: so they are repeated
 * for it here. Rules register from the last to the first, as stacked decorators do: the order decides which message is
 * returned first.
 */
function field(options: FieldOptions, schema: ApiPropertyOptions, ...rules: PropertyDecorator[]) {
  const { optional, description, example } = options;
  const documented = ApiProperty({ ...schema, description, example, required: !optional } as ApiPropertyOptions);
  return applyDecorators(...[documented, ...optionalRules(optional), ...rules].reverse());
}

/** Of a field that may be left out, but not be null: null would be stored. */
export const Omittable = () => ValidateIf((_, value) => value !== undefined);

const optionalRules = (optional: FieldOptions['optional']): PropertyDecorator[] =>
  optional === 'not null' ? [Omittable()] : optional ? [IsOptional()] : [];

function text(maxLength: number, { nonEmpty, ...options }: TextOptions) {
  return nonEmpty
    ? field(options, { minLength: 1, maxLength }, IsString(), Length(1, maxLength))
    : field(options, { maxLength }, IsString(), MaxLength(maxLength));
}

/**
 * A key of the catalogue: of a plan, a feature, a product.
 * @example
 * @KeyField({ optional: true })
 * plan?: string;
 */
export const KeyField = (options: TextOptions = {}) => text(MAX_KEY, options);

/** The product that a request is about; left out: the default product, or the only one that the caller may use. */
export const ProductField = (options: TextOptions = {}) =>
  KeyField({
    optional: true,
    example: 'api',
    description: 'Key of the product. Left out: the product of the API key or account, else the default product.',
    ...options,
  });

/** The feature that a request is about. */
export const FeatureField = (options: TextOptions = {}) =>
  KeyField({ nonEmpty: true, example: 'api_calls', ...options });

/** A customer by the caller's own key, or "me". */
export const CustomerField = (options: TextOptions = {}) => text(MAX_CUSTOMER_KEY, { example: 'acme', ...options });

/** A name that people read. */
export const NameField = (options: FieldOptions = {}) => text(MAX_NAME, { nonEmpty: true, ...options });

export const EmailField = (options: FieldOptions = {}) => text(MAX_EMAIL, { example: 'ann@example.com', ...options });

/** A text to find objects by: short ones match too many rows. */
export const SearchField = (options: FieldOptions = {}) =>
  field({ example: 'acme', ...options }, { minLength: 2, maxLength: MAX_SEARCH }, IsString(), Length(2, MAX_SEARCH));

/** Why a change was made: stored with its event. One that must not be empty is not blank either. */
export const ReasonField = ({ nonEmpty, ...options }: TextOptions = {}) => {
  const exemplified = { example: 'Agreed with the customer, ticket 4711', ...options };
  if (!nonEmpty) return text(MAX_REASON, exemplified);
  const rules = [IsString(), Length(1, MAX_REASON), Matches(/\S/, { message: 'must not be blank' })];
  return field(exemplified, { minLength: 1, maxLength: MAX_REASON, pattern: '\\S' }, ...rules);
};

/** The query parameter `fields`: the response holds only the named members. */
export const FieldListField = (options: FieldOptions = {}) =>
  text(MAX_FIELD_LIST, {
    optional: true,
    description: 'Names of the members to return, separated by commas. Left out: all of them.',
    example: 'id,status',
    ...options,
  });

/** The rule of {@link InstantField}, for a field that has its own rules beside it. */
export const IsInstant = () =>
  ValidateBy({
    name: 'isInstant',
    validator: {
      validate: isInstant,
      defaultMessage: () =>
        'must be a time with its UTC offset as in RFC 3339, such as 2027-01-31T00:00:00Z, in the years 1970 to 9999; in a query, send + as %2B',
    },
  });

/** An instant in RFC 3339 with its offset, such as 2027-01-31T00:00:00Z: see `parseInstant`. */
export const InstantField = (options: FieldOptions = {}) =>
  field({ example: '2027-01-31T00:00:00.000Z', ...options }, { format: 'date-time' }, IsInstant());

/** Units of a feature. @param minimum 1, or 0 where nothing at all is a valid amount */
export const QuantityField = ({ minimum = 1, ...options }: FieldOptions & { minimum?: number } = {}) =>
  field({ example: 1, ...options }, { minimum, maximum: MAX_COUNT }, IsInt(), Min(minimum), Max(MAX_COUNT));

/** Printable characters: no control characters, and no half of a surrogate pair. */
const PRINTABLE = /^[^\p{Cc}\p{Cs}]+$/u;
const MAX_ENTITY = 128;

/** An entity of a customer, such as a member or a project, by the name that the caller chooses. */
export const EntityField = (options: FieldOptions = {}) =>
  field(
    { optional: true, example: 'ada@example.com', ...options },
    { minLength: 1, maxLength: MAX_ENTITY },
    IsString(),
    Length(1, MAX_ENTITY),
    Matches(PRINTABLE, { message: 'must have printable characters only' }),
  );

/** True for a whole number of 0 or more, and for a text of 1 to 128 printable characters. */
export const isReportedValue = (value: unknown): boolean =>
  typeof value === 'string'
    ? value.length <= MAX_ENTITY && PRINTABLE.test(value)
    : Number.isSafeInteger(value) && (value as number) >= 0;

/** The value of a feature that is not counted by the sum. */
export const ReportedValueField = (options: FieldOptions = {}) =>
  field(
    { optional: true, example: 30, ...options },
    {
      oneOf: [
        { type: 'integer', minimum: 0, maximum: MAX_COUNT },
        { type: 'string', minLength: 1, maxLength: MAX_ENTITY },
      ],
    },
    ValidateBy(
      { name: 'isReportedValue', validator: { validate: isReportedValue } },
      { message: 'must be a whole number of 0 or more, or a text of 1 to 128 printable characters' },
    ),
  );

/** The length of one billing step. */
export const IntervalField = (options: FieldOptions = {}) =>
  field({ example: 'month', ...options }, { enum: INTERVALS }, IsIn(INTERVALS));

/** How many units one window has; with `none` and `billing_period` only 1. */
export const WindowCountField = () =>
  field(
    {
      optional: true,
      description: 'Units of one window; with `none` and `billing_period` only 1. Default: 1.',
      example: 5,
    },
    { type: 'integer', minimum: 1, maximum: MAX_WINDOW_COUNT },
    IsInt(),
    Min(1),
    Max(MAX_WINDOW_COUNT),
  );

/** The instant from which windows are counted. */
export const WindowAnchorField = () =>
  field(
    {
      optional: true,
      description:
        'From where windows are counted: `calendar` (the zone of the customer), `subscription` (its anchor, such as ' +
        'the day it was bought), `first_use` (the first unit used opens a window). Default: calendar.',
      example: 'first_use',
    },
    { enum: WINDOW_ANCHORS },
    IsIn(WINDOW_ANCHORS),
  );

/** An ISO 4217 code; the command checks that the currency exists. */
export const CurrencyField = (options: FieldOptions = {}) =>
  field({ example: 'USD', ...options }, { minLength: 3, maxLength: 3 }, IsString(), Length(3, 3));

/** When a change of a subscription takes effect. */
export const WhenField = (options: FieldOptions = {}) =>
  field({ example: 'period_end', ...options }, { enum: ['now', 'period_end'] }, IsIn(['now', 'period_end']));

/** Data that a caller stores with its usage. `smallProperties` limits their size. */
export const PropertiesField = () =>
  field(
    {
      optional: true,
      description: 'Any data to store with the usage, up to 10 kB.',
      example: { endpoint: '/reports' },
    },
    { type: 'object', additionalProperties: true },
    IsObject(),
  );
