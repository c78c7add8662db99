import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import {
  type AccessClaims,
  AccessTokens,
  isCompact,
  RememberedTokens,
  SessionsService,
  SigningKeys,
  TOKEN_ALGORITHM,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
  TOKEN_TYPE,
  type UserPrincipal,
} from '@app/auth';

type KeyCallback = (error: unknown, key?: never) => void;

const tokenOf = ExtractJwt.fromAuthHeaderAsBearerToken();

interface Header {
  kid?: unknown;
  typ?: unknown;
}

/** Verifies access tokens once: key, algorithm, issuer, audience, type, times, and that the session is open. */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(
    keys: SigningKeys,
    private readonly tokens: AccessTokens,
    private readonly sessions: SessionsService,
    private readonly remembered: RememberedTokens,
  ) {
    super({
      jwtFromRequest: tokenOf,
      passReqToCallback: true,
      algorithms: [TOKEN_ALGORITHM],
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      // The package uses the clock of this machine; `validate` uses the database clock that all instances share.
      jsonWebTokenOptions: { ignoreExpiration: true, ignoreNotBefore: true },
      secretOrKeyProvider: (_request: unknown, token: string, done: KeyCallback) => {
        const { kid, typ } = headerOf(token);
        if (typeof kid !== 'string' || typ !== TOKEN_TYPE || !isCompact(token))
          return done(new Error('not an access token'));
        keys.verificationKey(kid).then(
          (key) => (key ? done(null, key as never) : done(new Error('unknown key'))),
          (error: unknown) => done(error),
        );
      },
    });
  }

  async validate(request: Parameters<typeof tokenOf>[0], claims: AccessClaims): Promise<UserPrincipal | null> {
    const { sid, exp, iat, nbf } = claims;
    if (typeof sid !== 'string' || !this.tokens.isTimely(claims)) return null;
    const principal = await this.sessions.authenticate(sid);
    const token = tokenOf(request)!;
    this.remembered.remember(token, { kid: headerOf(token).kid as string, claims: { sid, exp, iat, nbf } });
    return principal;
  }
}

function headerOf(token: string): Header {
  try {
    return JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as Header;
  } catch {
    return {};
  }
}
