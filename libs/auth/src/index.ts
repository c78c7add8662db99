import './auth.events.js';

export { AccessTokens, TOKEN_AUDIENCE, TOKEN_ISSUER, TOKEN_TYPE } from './access-tokens.js';
export { AccountMailsService } from './account-mails.service.js';
export { ApiKeysService, type ApiKeyView, type NewApiKey, type ApiKeyWithSecret } from './api-keys.service.js';
export { AuthenticationRecord } from './authentication-record.js';
export { AuthHousekeeping } from './auth-housekeeping.js';
export { AuthModule } from './auth.module.js';
export type { SessionView } from './auth.repository.js';
export { CredentialsService } from './credentials.service.js';
export { ACCESS_TOKEN_SECONDS, type AccessClaims, isCompact } from './domain/access-claims.js';
export type { AttemptSource } from './domain/attempt-source.js';
export type { OidcIdentity } from './oidc/oidc-claims.js';
export * from './domain/principal.js';
export { LoginService } from './login.service.js';
export { IdentitiesService } from './oidc/identities.service.js';
export { OIDC_LOGIN_SECONDS, OidcLogins } from './oidc/oidc-logins.js';
export type { IdentityView } from './oidc/oidc.repository.js';
export { MAX_PASSWORD, MIN_PASSWORD, Passwords } from './passwords.js';
export {
  type NewPortalSession,
  type OpenedPortalSession,
  PORTAL_TOKEN_PREFIX,
  PortalSessionsService,
} from './portal-sessions.service.js';
export { RememberedTokens } from './remembered-tokens.js';
export { SecondFactorsService } from './second-factors.service.js';
export type { SecondFactorView } from './second-factors.repository.js';
export { REFRESH_DAYS, SessionsService, type TokenPair } from './sessions.service.js';
export { type PublicJwk, SigningKeys, TOKEN_ALGORITHM } from './signing-keys.js';
