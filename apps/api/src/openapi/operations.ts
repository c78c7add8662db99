import type { OpenAPIObject } from '@nestjs/swagger';
import type { VERSIONED } from '../http/openapi/versioned.js';

export interface Parameter {
  name: string;
  in: string;
  required: boolean;
  description?: string;
  example?: unknown;
  schema: object;
}

/** An operation of the document, as far as the additions read it. */
export interface Operation {
  [VERSIONED]?: true;
  parameters?: Parameter[];
  requestBody?: object;
  responses: Record<string, { description?: string }>;
  security?: object[];
}

/** Changes every operation. Webhooks are not operations of the service. */
export function mapOperations(
  document: OpenAPIObject,
  change: (operation: Operation, path: string, method: string) => Operation,
): OpenAPIObject {
  const paths = mapped(document.paths, (methods, path) =>
    mapped(methods as Record<string, Operation>, (operation, method) => change(operation, path, method)),
  );
  return { ...document, paths };
}

export function mapped<From, To>(
  members: Record<string, From>,
  change: (member: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(members).map(([name, member]) => [name, change(member, name)]));
}
