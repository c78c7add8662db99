import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isAdmin } from '@app/auth';
import { type QueryTally, requestTally } from '@app/platform';
import type { WithPrincipal } from '../access/current-principal.decorator.js';

type Tallied = FastifyRequest & Partial<WithPrincipal> & { tally?: QueryTally };

/** Matches an access token: requests with API keys are not measured. */
const ACCESS_TOKEN = /^Bearer +ey/i;

const tenths = (ms: number): number => Math.round(ms * 10) / 10;

/**
 * Sends admins the cost of their request (W3C, "Server Timing"): its total time and its database time. Batched queries
 * that serve several requests are not included.
 */
export function addServerTiming(server: FastifyInstance): void {
  server
    .addHook('onRequest', (request: Tallied, _reply, done) => {
      if (!ACCESS_TOKEN.test(request.headers.authorization ?? '')) return done();
      request.tally = { queries: 0, ms: 0 };
      requestTally.run(request.tally, done);
    })
    .addHook('onSend', (request: Tallied, reply, _answer, done) => {
      const { tally, principal = null } = request;
      if (tally) requestTally.end();
      request.tally = undefined;
      if (tally && isAdmin(principal))
        void reply.header(
          'server-timing',
          `app;dur=${tenths(reply.elapsedTime)}, db;dur=${tenths(tally.ms)};desc="${tally.queries} queries"`,
        );
      done();
    });
}
