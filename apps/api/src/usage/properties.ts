import { invalidField } from '@app/kernel';

const MAX_BYTES = 10_240;

/** @throws DomainError `invalid_fields` when there is more than is worth keeping beside a count */
export function smallProperties<T extends object | undefined>(properties: T): T {
  if (properties && Buffer.byteLength(JSON.stringify(properties)) > MAX_BYTES)
    throw invalidField('properties', `must have at most ${MAX_BYTES} bytes`);
  return properties;
}
