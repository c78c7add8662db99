import type { OidcConfig, OidcRights } from '@app/platform';
import { isEmail, ROLES } from '@app/users';

/** Claims of an ID token, together with those of the userinfo endpoint. */
export type OidcClaims = Readonly<Record<string, unknown>>;

/** A user as the provider describes it. */
export interface OidcIdentity {
  issuer: string;
  subject: string;
  /** Null unless the provider says that it is verified. */
  email: string | null;
  name: string | null;
  /** Null: no value of the role claim is mapped, and there is no default. */
  rights: OidcRights | null;
}

const MAX_NAME = 200;

/** The identity in verified claims. */
export function identityOf(claims: OidcClaims, config: OidcConfig): OidcIdentity {
  const { iss, sub, email, name } = claims;
  // Some providers send the boolean as a string.
  const verified = claims.email_verified === true || claims.email_verified === 'true';
  return {
    issuer: String(iss),
    subject: String(sub),
    email: verified && typeof email === 'string' && isEmail(email) ? email : null,
    name: typeof name === 'string' && name.length > 0 ? name.slice(0, MAX_NAME) : null,
    rights: rightsOf(claims, config),
  };
}

/** Rights by the role claim: of several mapped values, the one with the highest role. */
export function rightsOf(
  claims: OidcClaims,
  { roleClaim, roleMap, defaultRights }: Pick<OidcConfig, 'roleClaim' | 'roleMap' | 'defaultRights'>,
): OidcRights | null {
  const values = [claimAt(claims, roleClaim)].flat();
  const granted = Object.entries(roleMap)
    .filter(([value]) => values.includes(value))
    .map(([, rights]) => rights)
    .sort((one, other) => ROLES.indexOf(other.role) - ROLES.indexOf(one.role));
  return granted[0] ?? defaultRights;
}

/** The claim with this name, or else at this path: providers nest claims, and others have dots in names. */
function claimAt(claims: OidcClaims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path
    .split('.')
    .reduce<unknown>(
      (at, key) =>
        typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as OidcClaims)[key] : undefined,
      claims,
    );
}
