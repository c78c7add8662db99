import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isAdmin } from '@app/auth';
import { type QueryTally, requestTally } from '@app/platform';
import type { WithPrincipal } from '../access/current-principal.decorator.js';

type Tallied = FastifyRequest & Partial<WithPrincipal> & { tally?: QueryTally };

/** An access token: API keys are not followed. */
const OF_A_PERSON = /^Bearer +ey/i;

const tenths = (ms: number): number => Math.round(ms * 10) / 10;

/** Tells admins what their request cost (W3C, "Server Timing"): the time so far, and what of it the database took. Queries that serve others too are not in it. */
export function addServerTiming(server: FastifyInstance): void {
  server
    .addHook('onRequest', (request: Tallied, _reply, done) => {
      if (!OF_A_PERSON.test(request.headers.authorization ?? '')) return done();
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
