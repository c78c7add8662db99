import type { StoredMail } from '@app/platform';

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);

const entry = ({ name, at, to, subject, text }: StoredMail): string =>
  `<article id="${escaped(name)}"><h2>${escaped(subject)}</h2><p>to ${escaped(to)}, <time>${escaped(at)}</time></p><pre>${escaped(text)}</pre></article>`;

/** Renders mails, newest first, as HTML without scripts. */
export const mailPage = (mails: StoredMail[]): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mail</title></head><body><h1>Mail that would have been sent</h1>${mails.map(entry).join('') || '<p>None yet.</p>'}</body></html>`;
