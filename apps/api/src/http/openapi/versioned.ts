/** Marks an operation of the document that answers with an `ETag`. */
export const VERSIONED = 'x-etag';
