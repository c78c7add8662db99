import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { Clock } from '@app/kernel';
import { ACCESS_TOKEN_SECONDS, type AccessClaims, isTimely } from './domain/access-claims.js';
import { SigningKeys, TOKEN_ALGORITHM } from './signing-keys.js';

export const TOKEN_ISSUER = 'tollgate';
export const TOKEN_AUDIENCE = 'tollgate';
/** RFC 9068. */
export const TOKEN_TYPE = 'at+jwt';

/** Signs access tokens (JWT) and checks their times, by the clock that all instances share. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly jwt: JwtService,
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
  ) {}

  /** Signs a token that is valid for 10 minutes. @example await tokens.sign({ userId, sessionId }) */
  async sign(claims: { userId: string; sessionId: string }): Promise<string> {
    const { kid, key } = await this.keys.current();
    const issued = Math.floor(this.clock.now().getTime() / 1_000);
    return this.jwt.signAsync(
      { sub: claims.userId, sid: claims.sessionId, jti: randomUUID(), iat: issued, exp: issued + ACCESS_TOKEN_SECONDS },
      {
        privateKey: key as never,
        algorithm: TOKEN_ALGORITHM,
        header: { alg: TOKEN_ALGORITHM, kid, typ: TOKEN_TYPE },
        issuer: TOKEN_ISSUER,
        audience: TOKEN_AUDIENCE,
      },
    );
  }

  /** True while a token has begun and has not expired. @example if (!tokens.isTimely(payload)) throw ... */
  isTimely(claims: AccessClaims): boolean {
    return isTimely(claims, this.clock.now());
  }
}
