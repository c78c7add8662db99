import { Readable } from 'node:stream';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { actorOf, ApiKeysService, hasSameRights, type Principal, SessionsService } from '@app/auth';
import { invalidField } from '@app/kernel';
import { EventFeed, type FeedEntry, type FeedFilter } from '@app/events';
import { EventScope } from '../http/access/event-scope.js';
import { ConcurrencyLimit } from '../http/streaming/concurrency-limit.js';
import { EventTail } from './event-tail.js';
import type { StreamQueryDto } from './stream-query.dto.js';

const PAGE = 100;
/**
 * Below the 60 s after which proxies close idle connections. Revoked callers are disconnected within it. Milliseconds.
 */
const HEARTBEAT_MS = 15_000;
const MAX_CONCURRENT = 20;
/** Time to close streams at shutdown. Milliseconds. */
const GRACE_MS = 1_000;
const RECONNECT_MS = 2_000;

/**
 * Streams events as they are published (server-sent events). A slow reader delays only its own stream (back-pressure).
 */
@Injectable()
export class StreamEventsOperation implements BeforeApplicationShutdown {
  private readonly openStreams = new ConcurrencyLimit(MAX_CONCURRENT, 'streams');
  private readonly controllers = new Map<Readable, AbortController>();

  constructor(
    private readonly feed: EventFeed,
    private readonly tail: EventTail,
    private readonly scope: EventScope,
    private readonly apiKeys: ApiKeysService,
    private readonly sessions: SessionsService,
  ) {}

  /** Closes open streams at shutdown; clients reconnect here or to another instance. */
  beforeApplicationShutdown(): void {
    for (const [stream, controller] of this.controllers) {
      controller.abort();
      // A reader that is too slow to receive the end is disconnected.
      setTimeout(() => stream.destroy(), GRACE_MS).unref();
    }
  }

  /**
   * Opens a stream.
   * @param lastEventId last id that the client received before its connection broke
   * @throws DomainError `invalid_fields`, `product_not_allowed`, `customer_not_found`, `too_many_at_once`
   */
  async open(query: StreamQueryDto, lastEventId: string | undefined, principal: Principal): Promise<Readable> {
    const filter = await this.filterOf(query, principal);
    const after = lastEventId === undefined ? query.after : positionIn(lastEventId);
    const controller = new AbortController();
    const stream = this.openStreams.run(actorOf(principal).id!, () =>
      Readable.from(abortedAtReturn(this.frames(filter, after, principal, controller.signal), controller), {
        objectMode: false,
      }),
    );
    this.controllers.set(stream, controller);
    stream.once('close', () => this.controllers.delete(stream));
    return stream;
  }

  private async *frames(
    filter: FeedFilter,
    after: number | undefined,
    principal: Principal,
    signal: AbortSignal,
  ): AsyncGenerator<string> {
    yield `retry: ${RECONNECT_MS}\n\n`;
    let position = after ?? (await this.feed.last());
    const first = after === undefined ? null : await this.feed.first();
    if (first !== null && first > position + 1 && position > 0)
      yield `event: stream.gap\ndata: ${JSON.stringify({ after: position, next: first })}\n\n`;
    let lastSentAt = performance.now();
    while (!signal.aborted) {
      const until = await this.tail.after(position, HEARTBEAT_MS, signal);
      const entries = until > position ? await this.feed.after(position, until, filter, PAGE) : [];
      for (const entry of entries) yield frameOf(entry);
      if (entries.length > 0) lastSentAt = performance.now();
      position = entries.length === PAGE ? entries.at(-1)!.position : Math.max(position, until);
      if (performance.now() - lastSentAt < HEARTBEAT_MS) continue;
      if (!(await this.isStillAllowed(principal))) return;
      // The heartbeat carries the position, so that a client with a narrow filter resumes from there.
      yield `id: ${position}\n: still here\n\n`;
      lastSentAt = performance.now();
    }
  }

  private async filterOf({ types, product, customer }: StreamQueryDto, principal: Principal): Promise<FeedFilter> {
    return { ...(await this.scope.narrow({ product, customer }, principal.scope)), types: types?.split(',') };
  }

  /** False after the key was revoked, the session ended, or the role changed. */
  private async isStillAllowed(principal: Principal): Promise<boolean> {
    if (principal.kind === 'api_key') return this.apiKeys.isAlive(principal.keyId);
    if (principal.kind === 'portal') return false;
    const now = await this.sessions.authenticate(principal.sessionId).catch(() => null);
    return now !== null && hasSameRights(now, principal);
  }
}

/**
 * Ends the wait for the next event when the reader closes its stream: a generator returns only when its pending step is
 * done, and the stream counts as open until then.
 */
const abortedAtReturn = (frames: AsyncGenerator<string>, controller: AbortController): AsyncIterable<string> => ({
  [Symbol.asyncIterator]: () => ({
    next: () => frames.next(),
    return: () => {
      controller.abort();
      return frames.return(undefined);
    },
  }),
});

const frameOf = ({ position, type, body }: FeedEntry): string => `id: ${position}\nevent: ${type}\ndata: ${body}\n\n`;

function positionIn(lastEventId: string): number {
  if (!/^\d{1,15}$/.test(lastEventId)) throw invalidField('Last-Event-ID', 'must be an id of this stream');
  return Number(lastEventId);
}
