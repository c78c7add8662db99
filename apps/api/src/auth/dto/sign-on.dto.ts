import { ApiProperty } from '@nestjs/swagger';
import { IsString, MaxLength } from 'class-validator';
import type { SignInConfig } from '@app/platform';

export class SignOnQuery {
  /** Page to open after the login: a path below /admin or /portal. @example /admin/customers */
  @IsString()
  @MaxLength(1_000)
  returnTo: string = '/admin/';
}

/** Name of the OpenID Connect provider. */
export class SignOnProviderDto {
  /** Label for the button of the sign-in page. @example Example Login */
  name: string;
}

/** Ways to sign in to this service. */
export class SignInMethodsDto {
  /** True: e-mail address and password. */
  password: boolean;

  /** Single sign-on by OpenID Connect; null: not configured. */
  oidc: SignOnProviderDto | null;

  /** Whether roles above user need a second factor, besides the password. */
  @ApiProperty({ enum: ['optional', 'required'] })
  secondFactor: 'optional' | 'required';

  static of({ passwordLogin, oidc, requireSecondFactor }: SignInConfig): SignInMethodsDto {
    return {
      password: passwordLogin,
      oidc: oidc && { name: oidc.name },
      secondFactor: requireSecondFactor ? 'required' : 'optional',
    };
  }
}
