import { CACHE_MANAGER } from '@nestjs/cache-manager';
import { Inject, Injectable } from '@nestjs/common';
import type { Cache } from 'cache-manager';
import { CatalogReader } from '@app/catalog';

/** Age at which one request reads a page again while the others still get it: it does not expire for all together. */
export const REFRESH_MS = 1_500;
/** Clocks of instances differ by less. A page that was read this close to a change may be from before it. */
const MAX_SKEW_MS = 100;

/** A response in the cache that instances share. */
export interface SharedPage {
  etag: string;
  body: string;
  /** Start of the read, in ms of the clock of the database. */
  readAt: number;
}

/** Responses that all callers may see, in the Redis of all instances: each reads what another has read. */
@Injectable()
export class SharedPages {
  constructor(
    @Inject(CACHE_MANAGER) private readonly cache: Cache,
    private readonly reader: CatalogReader,
  ) {}

  /** A page from after the last change on this instance that is not due for a refresh; null without one, or Redis. */
  async get(key: string, now: number): Promise<SharedPage | null> {
    const page = await this.cache.get<SharedPage>(key);
    const isCurrent = page && page.readAt > now - REFRESH_MS && page.readAt > this.reader.changedAt + MAX_SKEW_MS;
    return isCurrent ? page : null;
  }

  /** Does not wait: the page is already on its way to the caller. */
  set(key: string, page: SharedPage): void {
    void this.cache.set(key, page);
  }
}
