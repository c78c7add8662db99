import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import {
  type AccessClaims,
  AccessTokens,
  isCompact,
  SessionsService,
  SigningKeys,
  TOKEN_ALGORITHM,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
  TOKEN_TYPE,
  type UserPrincipal,
} from '@app/auth';

type KeyCallback = (error: unknown, key?: never) => void;

interface Header {
  kid?: unknown;
  typ?: unknown;
}

/** Verifies access tokens: key, algorithm, issuer, audience, type, and that the session is open. */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(
    keys: SigningKeys,
    private readonly tokens: AccessTokens,
    private readonly sessions: SessionsService,
  ) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
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

  validate(claims: AccessClaims): Promise<UserPrincipal> | null {
    return typeof claims.sid === 'string' && this.tokens.isTimely(claims)
      ? this.sessions.authenticate(claims.sid)
      : null;
  }
}

function headerOf(token: string): Header {
  try {
    return JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as Header;
  } catch {
    return {};
  }
}
