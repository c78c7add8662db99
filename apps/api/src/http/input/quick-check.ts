import * as validator from 'class-validator';
import { getMetadataStorage } from 'class-validator';
import { grouped } from '@app/kernel';
import { isInstant } from './instants.js';
import { isReportedValue } from './fields.js';

export type Check = (value: unknown) => boolean;
/** A class with any constructor arguments. */
export type Class = new (...args: never[]) => object;
type Members = Record<string, unknown>;
type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

/** Supported rules, with the functions of class-validator and of InstantField. */
const RULES: Record<string, (value: never, ...constraints: never[]) => boolean> = {
  isString: validator.isString,
  isBoolean: validator.isBoolean,
  isInt: validator.isInt,
  isObject: validator.isObject,
  isArray: validator.isArray,
  isIn: validator.isIn,
  isLength: validator.length,
  matches: validator.matches,
  maxLength: validator.maxLength,
  min: validator.min,
  max: validator.max,
  notEquals: validator.notEquals,
  arrayMinSize: validator.arrayMinSize,
  arrayMaxSize: validator.arrayMaxSize,
  isInstant,
  isReportedValue,
};
const OPTIONAL = 'isOptional';

const members = new Map<Class, Map<string, Class>>();

/** Sets the class of array items for the quick check; required with `@ValidateNested` and `@Type`. */
export const ItemsOf =
  (item: () => Class): PropertyDecorator =>
  (target, property) => {
    const owner = target.constructor as Class;
    members.set(owner, (members.get(owner) ?? new Map<string, Class>()).set(String(property), item()));
  };

/**
 * Compiles the validation rules of a class. A value that passes is valid; for any other, class-validator makes the
 * messages.
 * @returns null when the class has rules that are not supported here
 */
export function compile(type: Class): Check | null {
  const byProperty = grouped(
    getMetadataStorage().getTargetValidationMetadatas(type, '', false, false),
    ({ propertyName }) => propertyName,
  );
  if (byProperty.size === 0) return null;
  const properties = new Map<string, Check>();
  for (const [name, rules] of byProperty) {
    const check = checkOf(rules, members.get(type)?.get(name));
    if (!check) return null;
    properties.set(name, check);
  }
  const required = [...properties].filter(([, check]) => !check(undefined)).map(([name]) => name);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    for (const name in value) {
      const check = properties.get(name);
      if (!check || !check((value as Members)[name])) return false;
    }
    return required.every((name) => Object.hasOwn(value, name));
  };
}

function checkOf(rules: Metadata[], item: Class | undefined): Check | null {
  const optional = rules.some(({ name }) => name === OPTIONAL);
  const checks: Check[] = [];
  for (const rule of rules) {
    if (rule.name === OPTIONAL) continue;
    const check = rule.type === 'nestedValidation' ? nested(item) : simple(rule);
    if (!check) return null;
    checks.push(check);
  }
  return (value) => (optional && (value === undefined || value === null)) || checks.every((check) => check(value));
}

function nested(item: Class | undefined): Check | null {
  const check = item && compile(item);
  return check ? (value) => Array.isArray(value) && value.every(check) : null;
}

function simple({ name, constraints, each, groups }: Metadata): Check | null {
  const rule = RULES[name ?? ''];
  if (!rule || (groups ?? []).length > 0) return null;
  const given = (constraints ?? []) as never[];
  return each
    ? (value) => Array.isArray(value) && value.every((one) => rule(one as never, ...given))
    : (value) => rule(value as never, ...given);
}
