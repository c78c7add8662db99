import { Injectable, Logger } from '@nestjs/common';
import * as client from 'openid-client';
import { DomainError } from '@app/kernel';
import { Config, type OidcConfig } from '@app/platform';
import { identityOf, type OidcIdentity } from './oidc-claims.js';

/** Time for one answer of the provider, in seconds. */
const ANSWER_SECONDS = 4;
/** Time for all requests of one step of a login, in milliseconds. */
const STEP_MS = 8_000;
/** Time for which the metadata of the provider is cached, in milliseconds. */
const METADATA_MS = 3_600_000;
/** Accepted difference of the clocks of the provider and this process, which the package reads, in seconds. */
const CLOCK_TOLERANCE_SECONDS = 30;

/** Secrets of one login that the service compares when the browser returns. */
export interface LoginSecrets {
  state: string;
  nonce: string;
  /** Code verifier of PKCE (RFC 7636). */
  verifier: string;
}

/** The OpenID Connect provider: authorization code flow with PKCE. The only file that imports the package. */
@Injectable()
export class OidcProvider {
  private readonly logger = new Logger('OidcProvider');
  private metadata: { until: number; loaded: Promise<client.Configuration> } | null = null;

  constructor(private readonly config: Config) {}

  /** @throws DomainError `single_sign_on_off` without the settings OIDC_ISSUER and OIDC_CLIENT_ID */
  get settings(): OidcConfig {
    const { oidc } = this.config.signIn;
    if (!oidc) throw new DomainError('not_found', 'single_sign_on_off', 'Single sign-on is not configured here.');
    return oidc;
  }

  /**
   * Draws the secrets of a login, and the URL at the provider where the user signs in.
   *
   * @throws DomainError `single_sign_on_off`, `provider_unavailable`
   */
  async begin(): Promise<{ url: string; secrets: LoginSecrets }> {
    const { redirectUri, scopes } = this.settings;
    const secrets = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
    };
    const configuration = await this.step('discovery', () => this.discovered());
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: scopes,
      state: secrets.state,
      nonce: secrets.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(secrets.verifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, secrets };
  }

  /**
   * Exchanges the code of a callback, and verifies the ID token: signature, issuer, audience, times and nonce.
   *
   * @param search query of the callback
   * @throws DomainError `provider_unavailable`, `login_denied`, `provider_error`
   */
  exchange(search: string, { state, nonce, verifier }: LoginSecrets): Promise<OidcIdentity> {
    const url = new URL(this.settings.redirectUri);
    url.search = search;
    return this.step('code exchange', async () => {
      const configuration = await this.discovered();
      const tokens = await client.authorizationCodeGrant(configuration, url, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const idToken = tokens.claims()!;
      // Many providers return e-mail address and groups only here.
      const userInfo = configuration.serverMetadata().userinfo_endpoint
        ? await client.fetchUserInfo(configuration, tokens.access_token, idToken.sub)
        : {};
      return identityOf({ ...userInfo, ...idToken }, this.settings);
    });
  }

  private discovered(): Promise<client.Configuration> {
    // Not the shared clock: only the age of a cache entry of this process.
    const now = performance.now();
    if (this.metadata && this.metadata.until > now) return this.metadata.loaded;
    const loaded = this.discover();
    const entry = { until: now + METADATA_MS, loaded };
    this.metadata = entry;
    loaded.catch(() => {
      if (this.metadata === entry) this.metadata = null;
    });
    return loaded;
  }

  private async discover(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = this.settings;
    const isPlain = new URL(issuer).protocol === 'http:';
    return client.discovery(
      new URL(issuer),
      clientId,
      { [client.clockTolerance]: CLOCK_TOLERANCE_SECONDS },
      clientSecret === null ? client.None() : withSecret(clientSecret),
      // The configuration accepts http outside production only.
      { timeout: ANSWER_SECONDS, execute: isPlain ? [client.allowInsecureRequests] : [] },
    );
  }

  /** Runs a step of a login within its time, and maps the errors of the package. */
  private async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), STEP_MS);
    try {
      return await Promise.race([work(), aborted(timeout.signal)]);
    } catch (error) {
      const problem = problemOf(error, name);
      if (problem.code !== 'login_denied') this.logger.warn(`Single sign-on failed (${name}): ${summaryOf(error)}.`);
      throw problem;
    } finally {
      clearTimeout(timer);
    }
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new TypeError('no answer in time')), { once: true });
  });

/** Sends the client secret in the form that the provider supports; by default, in the header. */
function withSecret(secret: string): client.ClientAuth {
  const [basic, post] = [client.ClientSecretBasic(secret), client.ClientSecretPost(secret)];
  return (server, ...request) => {
    const supported = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return (supported.includes('client_secret_basic') ? basic : post)(server, ...request);
  };
}

/** Codes of the package that mean: no usable answer. Without a code, the connection failed. */
const NO_ANSWER = [undefined, 'OAUTH_TIMEOUT', 'OAUTH_ABORT', 'OAUTH_RESPONSE_IS_NOT_JSON', 'OAUTH_PARSE_ERROR'];

const isUnavailable = (error: unknown): boolean =>
  error instanceof TypeError ||
  (error instanceof client.ClientError &&
    (NO_ANSWER.includes(error.code) || Number((error.cause as Partial<Response> | undefined)?.status) >= 500));

function problemOf(error: unknown, step: string): DomainError {
  if (error instanceof client.AuthorizationResponseError && error.error === 'access_denied')
    return new DomainError('unauthenticated', 'login_denied', 'The identity provider denied the login.');
  if (step === 'discovery' || isUnavailable(error))
    return new DomainError(
      'unavailable',
      'provider_unavailable',
      'The identity provider does not answer; try again later.',
      { retryAfterSeconds: 5 },
    );
  return new DomainError('unauthenticated', 'provider_error', 'The identity provider refused the login; try again.');
}

/** The part of an error that may be logged: codes, never texts of the provider. */
function summaryOf(error: unknown): string {
  if (error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError)
    return /^\w{1,60}$/.exec(error.error)?.[0] ?? 'unknown error';
  return (error as { code?: string }).code ?? 'no connection';
}
