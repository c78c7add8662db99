import type { FastifyReply } from 'fastify';
import type { UsageResult } from '@app/metering';

/** Returns the answer of a result, and sets `Idempotency-Replayed` when it is a stored one. */
export function withReplayHeader<Answer>(reply: FastifyReply, { answer, replayed }: UsageResult<Answer>): Answer {
  if (replayed) void reply.header('idempotency-replayed', 'true');
  return answer;
}
