import { invalidField } from '@app/kernel';

const MAX_BYTES = 10_240;

/** Limits the size of the properties of a usage event. @throws DomainError `invalid_fields` */
export function smallProperties<T extends object | undefined>(properties: T): T {
  if (properties && Buffer.byteLength(JSON.stringify(properties)) > MAX_BYTES)
    throw invalidField('properties', `must have at most ${MAX_BYTES} bytes`);
  return properties;
}
