import { requestParam } from '../routes/route.js';

/** Matches no version: for an If-Match that is no valid strong tag. */
const NO_VERSION = -1;

/** The version in If-Match (RFC 9110); undefined when any version matches. Weak tags never match. */
export const IfMatch = () =>
  requestParam(({ headers }): number | undefined => {
    const header = headers['if-match'];
    if (header === undefined || header.trim() === '*') return undefined;
    const version = /^"(\d{1,9})"$/.exec(header.trim())?.[1];
    return version === undefined ? NO_VERSION : Number(version);
  });
