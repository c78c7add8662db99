import { DomainError, type FieldError, MAX_COUNT } from '@app/kernel';
import { z } from 'zod';

export const whole = (message: string, min: number, max = MAX_COUNT) =>
  z.int(message).min(min, message).max(max, message);
export const oneOf = <Value extends string>(values: readonly Value[]) =>
  z.enum(values, `must be one of ${values.join(', ')}`);

/** An object with exactly these members. A member that is undefined counts as missing. */
export const exactly = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.preprocess(
    withoutUndefined,
    z.strictObject(shape, { error: ({ code }) => (code === 'invalid_type' ? 'must be an object' : undefined) }),
  );

/** One error per field: a rule with several checks reports its message once for each check. */
export function problemsOf({ issues }: z.ZodError, path: string): FieldError[] {
  const problems = issues.flatMap((issue) => {
    const field = path + issue.path.join('.');
    if (issue.code !== 'unrecognized_keys') return [{ field, message: issue.message }];
    const prefix = issue.path.length > 0 ? `${field}.` : path;
    return issue.keys.map((key) => ({ field: prefix + key, message: 'is an unknown field' }));
  });
  return [...new Map(problems.map((problem) => [problem.field, problem])).values()];
}

export function withoutUndefined(value: unknown): unknown {
  return isMembers(value)
    ? Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined))
    : value;
}

export const isMembers = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const invalid = (errors: FieldError[]): DomainError =>
  new DomainError('invalid', 'invalid_fields', 'Some fields are not valid.', { errors });
