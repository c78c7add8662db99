import { z } from 'zod';
import { onOff, optional } from './variables.js';

const simpleRole = z.enum(['user', 'support', 'finance', 'admin']);
const rights = z.union([
  simpleRole.transform((role) => ({ role, product: null })),
  z.strictObject({ role: simpleRole }).transform(({ role }) => ({ role, product: null })),
  z.strictObject({ role: z.literal('product_admin'), product: z.string().min(1) }),
]);

/** Role that a value of the role claim gives; `product` is the key of the product of a product admin. */
export type OidcRights = z.infer<typeof rights>;

const roleMap = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('must be JSON');
      return z.NEVER;
    }
  })
  .pipe(
    z.record(z.string(), rights, {
      error: 'must be a JSON object like {"staff":"support","news-team":{"role":"product_admin","product":"news"}}',
    }),
  );

/** The variables of single sign-on. */
export const OIDC_VARIABLES = {
  OIDC_NAME: optional(z.string().max(100)),
  OIDC_ISSUER: optional(z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })),
  OIDC_CLIENT_ID: optional(z.string()),
  OIDC_CLIENT_SECRET: optional(z.string()),
  OIDC_SCOPES: optional(z.string().regex(/(^| )openid( |$)/, 'must contain openid')),
  OIDC_ROLE_CLAIM: optional(z.string()),
  OIDC_ROLE_MAP: optional(roleMap),
  OIDC_DEFAULT_ROLE: optional(simpleRole),
  OIDC_LINK_BY_EMAIL: optional(onOff),
};
export type OidcVariables = { [Name in keyof typeof OIDC_VARIABLES]?: z.infer<(typeof OIDC_VARIABLES)[Name]> };

/** The OpenID Connect provider of single sign-on. */
export interface OidcConfig {
  /** Label for the sign-in page. */
  name: string;
  issuer: string;
  clientId: string;
  /** Null: a public client. */
  clientSecret: string | null;
  scopes: string;
  redirectUri: string;
  /** Name of the claim, or its path with dots. */
  roleClaim: string;
  roleMap: Record<string, OidcRights>;
  /** Rights without a mapped claim. Null: such users cannot sign in. */
  defaultRights: OidcRights | null;
  /** True: the first login may link an existing account with the same verified e-mail address. */
  linkByEmail: boolean;
}

/** Null: no single sign-on. */
export function oidcConfig(env: OidcVariables, publicUrl: string): OidcConfig | null {
  if (!env.OIDC_ISSUER || !env.OIDC_CLIENT_ID) return null;
  return {
    name: env.OIDC_NAME ?? new URL(env.OIDC_ISSUER).hostname,
    issuer: env.OIDC_ISSUER,
    clientId: env.OIDC_CLIENT_ID,
    clientSecret: env.OIDC_CLIENT_SECRET ?? null,
    scopes: env.OIDC_SCOPES ?? 'openid email profile',
    redirectUri: `${publicUrl}/v1/auth/oidc/callback`,
    roleClaim: env.OIDC_ROLE_CLAIM ?? 'groups',
    roleMap: env.OIDC_ROLE_MAP ?? {},
    defaultRights: env.OIDC_DEFAULT_ROLE ? { role: env.OIDC_DEFAULT_ROLE, product: null } : null,
    linkByEmail: env.OIDC_LINK_BY_EMAIL === 'on',
  };
}

/** A line for each combination of variables that is wrong. */
export function wrongOidc(
  env: OidcVariables & { NODE_ENV?: string | undefined; PUBLIC_URL?: string | undefined },
): string[] {
  const names = (Object.keys(OIDC_VARIABLES) as (keyof OidcVariables)[]).filter((name) => env[name] !== undefined);
  if (names.length === 0) return [];
  const wrong = (['OIDC_ISSUER', 'OIDC_CLIENT_ID'] as const)
    .filter((name) => !env[name])
    .map((name) => `${name} is required for ${names[0]}`);
  if (!env.OIDC_ROLE_MAP && !env.OIDC_DEFAULT_ROLE)
    wrong.push('OIDC_ROLE_MAP or OIDC_DEFAULT_ROLE is required for OIDC_ISSUER: without a role no user can sign in');
  if (env.NODE_ENV !== 'production') return wrong;
  for (const name of ['OIDC_ISSUER', 'PUBLIC_URL'] as const)
    if (!env[name]?.startsWith('https:')) wrong.push(`${name} must be an https:// URL in production for OIDC_ISSUER`);
  return wrong;
}
