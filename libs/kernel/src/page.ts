/** A requested page, newest first. `after` is the id of the last row already seen; ids sort by creation. */
export interface PageRequest {
  limit: number;
  after: string | null;
}

/** One page of rows; `hasMore` says whether another follows the last of them. */
export interface Page<T> {
  data: T[];
  hasMore: boolean;
}

/** The page of rows that were read with `limit + 1`: the extra row shows whether another page follows. */
export function toPage<T>(rows: T[], limit: number): Page<T> {
  return { data: rows.slice(0, limit), hasMore: rows.length > limit };
}

/** Rows that `allRows` reads at a time. */
const ROWS_PER_READ = 500;

/**
 * Every row of a list, in the order of the list, a page at a time.
 * @example for await (const customer of allRows((page) => customers.list(page, {}))) ...
 */
export async function* allRows<T extends { id: string }>(
  read: (page: PageRequest) => Promise<Page<T>>,
): AsyncGenerator<T> {
  for (let after: string | null = null; ;) {
    const { data, hasMore }: Page<T> = await read({ limit: ROWS_PER_READ, after });
    yield* data;
    const last = data.at(-1);
    if (!hasMore || !last) return;
    after = last.id;
  }
}
