import { type OidcConfig, oidcConfig, type OidcVariables } from './oidc-config.js';

/** How people sign in. */
export interface SignInConfig {
  /** Origins whose pages may use the refresh cookie: of PUBLIC_URL, and those of CORS_ORIGINS. */
  browserOrigins: string[];
  /** False only outside production while PUBLIC_URL is http on a loopback host: some browsers refuse `Secure` there. */
  secureCookies: boolean;
  /** True: users with a role above user can only set up a second factor until they have one. */
  requireSecondFactor: boolean;
  /** False: passwords open no session and are not set; another way of signing in is needed. */
  passwordLogin: boolean;
  /** Null: no single sign-on. */
  oidc: OidcConfig | null;
}

interface SignInSettings {
  production: boolean;
  publicUrl: string;
  corsOrigins: string[];
}

/** Names of this machine, in the form of an origin. */
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

export function signInConfig(
  { production, publicUrl, corsOrigins }: SignInSettings,
  env: OidcVariables & Partial<Record<'REQUIRE_SECOND_FACTOR' | 'PASSWORD_LOGIN', 'on' | 'off' | undefined>>,
): SignInConfig {
  const { origin, protocol, hostname, port } = new URL(publicUrl);
  const isLocal = !production && protocol === 'http:' && LOOPBACK_HOSTS.includes(hostname);
  // A developer opens any of the names of this machine.
  const own = isLocal ? LOOPBACK_HOSTS.map((host) => new URL(`http://${host}:${port}`).origin) : [origin];
  return {
    browserOrigins: [...own, ...corsOrigins],
    secureCookies: !isLocal,
    requireSecondFactor: env.REQUIRE_SECOND_FACTOR === 'on',
    passwordLogin: env.PASSWORD_LOGIN !== 'off',
    oidc: oidcConfig(env, publicUrl),
  };
}
