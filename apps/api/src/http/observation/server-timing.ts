import type { FastifyReply, FastifyRequest } from 'fastify';
import { isAdmin } from '@app/auth';
import { type QueryTally, requestTally } from '@app/platform';
import type { WithPrincipal } from '../access/with-principal.js';

type Tallied = FastifyRequest & WithPrincipal & { tally?: QueryTally };

/** Matches an access token: requests with API keys are not measured. */
const ACCESS_TOKEN = /^Bearer +ey/i;

const tenths = (ms: number): number => Math.round(ms * 10) / 10;

/**
 * Sends admins the cost of their request (W3C, "Server Timing"): its total time and its database time. Batched queries
 * that serve several requests are not included.
 */
export const serverTiming = {
  /** Runs the rest of a request, and counts its queries if a user sent it. */
  begin(request: Tallied, rest: () => void): void {
    if (!ACCESS_TOKEN.test(request.headers.authorization ?? '')) return rest();
    request.tally = { queries: 0, ms: 0 };
    requestTally.run(request.tally, rest);
  },

  /** Adds the header before the response is sent. */
  end(request: Tallied, reply: FastifyReply): void {
    const { tally } = request;
    if (!tally) return;
    requestTally.end();
    request.tally = undefined;
    if (isAdmin(request.caller))
      void reply.header(
        'server-timing',
        `app;dur=${tenths(reply.elapsedTime)}, db;dur=${tenths(tally.ms)};desc="${tally.queries} queries"`,
      );
  },
};
