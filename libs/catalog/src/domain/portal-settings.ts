import { invalidField } from '@app/kernel';
import { z } from 'zod';
import { exactly, invalid, problemsOf } from './schema.js';

/** Colours of the portal, as `#rrggbb` in lower case. */
export interface PortalColors {
  /** Of buttons and links. */
  accent: string;
  background: string;
  text: string;
}

/** The pages of the customers of a product. */
export interface PortalSettings {
  name: string;
  logoUrl: string | null;
  colors: PortalColors;
  /** Origins and paths to which the portal may lead back. */
  allowedReturnUrls: string[];
}

/** Portal settings in the form of requests: what is left out has its default. */
export type RawPortalSettings = Partial<Omit<PortalSettings, 'colors'>> & { colors?: Partial<PortalColors> };

const MAX_NAME = 200;
const MAX_URL = 2_000;
export const MAX_RETURN_URLS = 20;

/** Hosts of development: no certificate is needed. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
/** Characters that URL parsers drop or read as a slash, so that readers of one URL see two. */
const UNCLEAR = /[\s\\\p{Cc}\p{Cf}]/u;
/** Two slashes, and a host without user name: where it begins and ends, parsers agree. */
const PLAIN_HOST = /^https?:\/\/[^/?#@]+(?:[/?#]|$)/i;
/** Encoded dots, slashes and backslashes, also encoded again: a server may decode them, and leave the path. */
const HIDDEN_PATH = /%(?:25)*(?:2e|2f|5c)/i;

const color = (initial: string) =>
  z
    .string('must be a text')
    .regex(/^#[0-9a-f]{6}$/i, 'must be a colour such as #1d4ed8')
    .transform((value) => value.toLowerCase())
    .default(initial);

const SECURE = 'must be an https:// URL without user name, fragment and spaces';

/** An absolute URL that means the same to every parser; null otherwise. http is for loopback hosts only. */
function secureUrl(given: string): URL | null {
  if (given.length > MAX_URL || UNCLEAR.test(given) || !PLAIN_HOST.test(given) || !URL.canParse(given)) return null;
  const url = new URL(given);
  const isSecure = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.includes(url.hostname));
  return isSecure && !HIDDEN_PATH.test(url.pathname) ? url : null;
}

const logoUrl = z
  .string('must be a text')
  .refine((value) => secureUrl(value)?.hash === '', SECURE)
  .nullable()
  .default(null);

/** An origin, and a path under which every URL is allowed. */
const allowedUrl = z
  .string('must be a text')
  .refine((value) => {
    const url = secureUrl(value);
    return url !== null && !/[?#*]/.test(value);
  }, 'must be an https:// URL without user name, query, fragment, wildcard and spaces')
  .transform((value) => new URL(value).href);

const SETTINGS = (productName: string) =>
  exactly({
    name: z
      .string('must be a text')
      .refine((value) => value.trim() !== '' && value.length <= MAX_NAME, `must have 1 to ${MAX_NAME} characters`)
      .default(productName),
    logoUrl,
    colors: z.preprocess(
      (value) => value ?? {},
      exactly({ accent: color('#1d4ed8'), background: color('#ffffff'), text: color('#111827') }),
    ),
    allowedReturnUrls: z
      .array(allowedUrl, 'must be a list of URLs')
      .max(MAX_RETURN_URLS, `must have at most ${MAX_RETURN_URLS} URLs`)
      .default([]),
  });

/**
 * Checks portal settings and returns them with their defaults.
 * @param productName the name of the portal when the settings have none
 * @param path prefix of the fields in errors, such as `portal.`
 * @throws DomainError `invalid_fields` with every field that is wrong
 * @example checkPortalSettings({ colors: { accent: '#ff0000' } }, { productName: 'API' })
 */
export function checkPortalSettings(
  raw: RawPortalSettings,
  { productName, path = '' }: { productName: string; path?: string },
): PortalSettings {
  const { data, error } = SETTINGS(productName).safeParse(raw);
  if (error) throw invalid(problemsOf(error, path));
  return data;
}

/** The settings of the portal of a product: stored ones, or the defaults. */
export const portalSettingsOf = ({ name, portal }: { name: string; portal: PortalSettings | null }): PortalSettings =>
  portal ?? checkPortalSettings({}, { productName: name });

/**
 * A return URL in its normal form, if the settings allow it: the same origin, and the allowed path or one below it.
 * Query and fragment are free.
 * @throws DomainError `invalid_fields`
 * @example allowedReturnUrl('https://app.example/billing?tab=2', ['https://app.example/billing'])
 */
export function allowedReturnUrl(given: string, allowed: readonly string[]): string {
  const url = secureUrl(given);
  if (!url || !allowed.some((one) => covers(new URL(one), url)))
    throw invalidField('returnUrl', 'must be an https:// URL at or below one of `allowedReturnUrls` of the portal');
  return url.href;
}

const covers = (allowed: URL, { origin, pathname }: URL): boolean =>
  origin === allowed.origin &&
  (pathname === allowed.pathname || pathname.startsWith(allowed.pathname.replace(/\/?$/, '/')));
