import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { AccessTokens, SessionsService, TOKEN_ALGORITHM, TOKEN_AUDIENCE, TOKEN_ISSUER, TOKEN_TYPE, type UserPrincipal } from '@app/auth';

type KeyCallback = (error: unknown, key?: never) => void;

interface Header {
  kid?: unknown;
  typ?: unknown;
}

/** Access tokens: our own key, algorithm, issuer, audience and type only, and a session that is still open. */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(
    tokens: AccessTokens,
    private readonly sessions: SessionsService,
  ) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      algorithms: [TOKEN_ALGORITHM],
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      secretOrKeyProvider: (_request: unknown, token: string, done: KeyCallback) => {
        const { kid, typ } = headerOf(token);
        if (typeof kid !== 'string' || typ !== TOKEN_TYPE) return done(new Error('not an access token'));
        tokens.verificationKey(kid).then(
          (key) => (key ? done(null, key as never) : done(new Error('unknown key'))),
          (error: unknown) => done(error),
        );
      },
    });
  }

  validate({ sid, exp }: { sid?: unknown; exp?: unknown }): Promise<UserPrincipal> | null {
    return typeof sid === 'string' && typeof exp === 'number' ? this.sessions.authenticate(sid) : null;
  }
}

function headerOf(token: string): Header {
  try {
    return JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as Header;
  } catch {
    return {};
  }
}
