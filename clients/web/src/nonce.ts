import { setNonce } from 'get-nonce';

const found = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
// For the style element that locks scrolling while a dialog is open.
if (found) setNonce(found);

/** Nonce of the page for style elements; the Content-Security-Policy refuses others. */
export const pageNonce = found;
