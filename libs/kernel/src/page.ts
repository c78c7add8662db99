/** One page asked for, newest first. `after` is the id of the last row already seen; ids sort by creation. */
export interface PageRequest {
  limit: number;
  after: string | null;
}

/** One page of rows; `hasMore` says whether another follows the last of them. */
export interface Page<T> {
  data: T[];
  hasMore: boolean;
}

/** Cuts a page out of rows that were read with one more than the limit. */
export function toPage<T>(rows: T[], limit: number): Page<T> {
  return { data: rows.slice(0, limit), hasMore: rows.length > limit };
}
