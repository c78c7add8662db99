import { randomBytes } from 'node:crypto';

/** A page app, and what its pages may load besides their own files. */
export interface PageApp {
  name: 'admin' | 'portal';
  /** Sources of images. */
  images: string;
}

export const PAGE_APPS: readonly PageApp[] = [
  { name: 'admin', images: "'self' data: blob:" },
  // The logo of a product is at an address of its company.
  { name: 'portal', images: "'self' data: blob: https:" },
];

/** Where the build of a page expects the nonce of its style elements. */
export const NONCE_MARK = '__CSP_NONCE__';
const NONCE_BYTES = 16;

export const newNonce = (): string => randomBytes(NONCE_BYTES).toString('base64');

/** Headers of a page that replace those of an answer of the API: scripts of the service itself only, in no frame. */
export const pageHeaders = ({ images }: PageApp, nonce: string): Record<string, string> => ({
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    `img-src ${images}`,
    "font-src 'self'",
    "connect-src 'self'",
    // Documents of invoices are shown in a frame.
    'frame-src blob:',
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-cache',
});
