export { AccessTokens, type PublicJwk, TOKEN_ALGORITHM, TOKEN_AUDIENCE, TOKEN_ISSUER, TOKEN_TYPE } from './access-tokens.js';
export { ApiKeysService, type ApiKeyView, type NewApiKey } from './api-keys.service.js';
export { AuthModule } from './auth.module.js';
export { AuthService, type Registered } from './auth.service.js';
export * from './domain/principal.js';
export { MAX_PASSWORD, MIN_PASSWORD } from './passwords.js';
export { type Profile, ProfileService } from './profile.service.js';
export { SessionsService, type TokenPair } from './sessions.service.js';
