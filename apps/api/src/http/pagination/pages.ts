import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DomainError, type Page, type PageRequest } from '@app/kernel';
import { Keyring } from '@app/platform';
import type { ListQuery } from './list.query.js';

const PURPOSE = 'cursor';
/** An id; in lists of versions, a version number. */
const POSITION = /^[0-9a-f-]{36}$|^[0-9]{1,9}$/;

/** A page of a response. */
export interface PageAnswer<T> {
  data: T[];
  hasMore: boolean;
  nextCursor: string | null;
}

/** Keyset pagination with opaque cursors, each signed for one caller and one filter. */
@Injectable()
export class Pages {
  constructor(private readonly keyring: Keyring) {}

  /**
   * @param binding caller and filter of the list.
   * @throws DomainError `invalid_cursor` for a cursor of another list, or a changed one
   */
  request(query: ListQuery, binding: object): PageRequest {
    return { limit: query.limit, after: query.cursor === undefined ? null : this.open(query.cursor, bound(binding)) };
  }

  answer<T extends { id: string }, R>(page: Page<T>, binding: object, present: (row: T) => R): PageAnswer<R> {
    const last = page.data.at(-1);
    const nextCursor = page.hasMore && last ? this.seal(last.id, bound(binding)) : null;
    return { data: page.data.map(present), hasMore: page.hasMore, nextCursor };
  }

  /**
   * A page of a list of one product, without further filters.
   * @throws DomainError `invalid_cursor`
   * @example await pages.ofProduct(query, product, (page) => coupons.list(product, page), CouponDto.of)
   */
  async ofProduct<T extends { id: string }, R>(
    query: ListQuery,
    product: string,
    read: (page: PageRequest) => Promise<Page<T>>,
    present: (row: T) => R,
  ): Promise<PageAnswer<R>> {
    const binding = { ...query, product };
    return this.answer(await read(this.request(query, binding)), binding, present);
  }

  private seal(position: string, binding: string): string {
    return `${Buffer.from(position).toString('base64url')}.${this.keyring.sign(PURPOSE, `${position} ${binding}`).toString('base64url')}`;
  }

  private open(cursor: string, binding: string): string {
    const position = Buffer.from(cursor.split('.', 1)[0]!, 'base64url').toString();
    // Compares the text: base64url has several spellings of the same bytes.
    if (!POSITION.test(position) || !isSame(cursor, this.seal(position, binding)))
      throw new DomainError(
        'malformed',
        'invalid_cursor',
        'The cursor belongs to another list or filter; start again without a cursor.',
        {
          errors: [{ field: 'cursor', message: 'belongs to another list or filter' }],
        },
      );
    return position;
  }
}

/** Compares in constant time. */
function isSame(text: string, other: string): boolean {
  const [bytes, wanted] = [Buffer.from(text), Buffer.from(other)];
  return bytes.length === wanted.length && timingSafeEqual(bytes, wanted);
}

/** Text of a binding without the page parameters, in a fixed order of members. */
function bound(binding: object): string {
  const { limit: _, cursor: __, fields: ___, ...rest } = binding as Record<string, unknown>;
  return JSON.stringify(
    Object.entries(rest)
      .filter(([, value]) => value !== undefined && value !== null)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
