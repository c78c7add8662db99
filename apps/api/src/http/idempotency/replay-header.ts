import type { FastifyReply } from 'fastify';
import type { UsageResult } from '@app/metering';

/** The answer itself; that it is the one given before stands in its header. */
export function withReplayHeader<Answer>(reply: FastifyReply, { answer, replayed }: UsageResult<Answer>): Answer {
  if (replayed) void reply.header('idempotency-replayed', 'true');
  return answer;
}
