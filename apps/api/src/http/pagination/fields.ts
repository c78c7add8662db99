import type { FastifyReply, FastifyRequest } from 'fastify';
import { invalidField } from '@app/kernel';

type Members = Record<string, unknown>;

/**
 * Applies `?fields=a,b`: keeps only these members of the object, or of each row of a list.
 * @throws DomainError `invalid_fields`
 */
export function pickFields({ query }: FastifyRequest, reply: FastifyReply, answer: unknown): unknown {
  const { fields } = query as { fields?: unknown };
  if (fields === undefined) return answer;
  const isObject = typeof answer === 'object' && answer !== null && !Buffer.isBuffer(answer);
  if (typeof fields !== 'string' || !isObject || reply.statusCode >= 400) return answer;
  const names = fields.split(',').map((name) => name.trim());
  const members = answer as Members;
  return Array.isArray(members['data'])
    ? { ...members, data: (members['data'] as Members[]).map((row) => pick(row, names)) }
    : pick(members, names);
}

function pick(row: Members, names: string[]): Members {
  const unknown = names.find((name) => !Object.hasOwn(row, name));
  if (unknown !== undefined) throw invalidField('fields', 'contains an unknown field');
  return Object.fromEntries(names.map((name) => [name, row[name]]));
}
