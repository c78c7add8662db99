import { IsBoolean, IsIn, IsOptional, IsString, Length, MaxLength } from 'class-validator';
import { MAX_PASSWORD, MIN_PASSWORD } from '@app/auth';
import { type Language, LANGUAGES } from '@app/users';
import { EmailField } from '../../http/input/fields.js';
import { CustomerDto, ProfileDto } from '../../customers/dto/customer.dto.js';
import { SubscriptionDto } from '../../subscriptions/dto/subscription.dto.js';
import { UserDto } from '../../users/dto/user.dto.js';

export class RegisterDto extends ProfileDto {
  /** Address of the account, unique in any spelling. A verification mail is sent to it. */
  @EmailField()
  email: string;

  /**
   * At least 15 characters, unless the service is configured otherwise. Rejected: common passwords, and ones with the
   * e-mail address or `tollgate`.
   * @example "five lazy herons at noon"
   */
  @IsString()
  @Length(MIN_PASSWORD, MAX_PASSWORD)
  password: string;

  /** Name that people read. @example "Ann Example" */
  @IsOptional()
  @IsString()
  @Length(1, 200)
  override name?: string;

  /**
   * Language of mails and notifications.
   * @default en
   * @example de
   */
  @IsOptional()
  @IsIn(LANGUAGES)
  language?: Language;
}

export class LoginDto {
  /** Address of the account, in any spelling. */
  @EmailField()
  email: string;

  /** Current password of the account. @example "five lazy herons at noon" */
  @IsString()
  @MaxLength(1_024)
  password: string;
}

/** OAuth 2 password grant (RFC 6749, 4.3). */
export class TokenDto {
  /** Always `password`; other grants are refused. @example password */
  @IsString()
  @MaxLength(64)
  grant_type: string;

  /** E-mail address. */
  @EmailField()
  username: string;

  /** Current password of the account. @example "five lazy herons at noon" */
  @IsString()
  @MaxLength(1_024)
  password: string;

  /** Accepted and ignored. @example openid */
  @IsOptional()
  @IsString()
  @MaxLength(1_024)
  scope?: string;

  /** Accepted and ignored. @example swagger-ui */
  @IsOptional()
  @IsString()
  @MaxLength(1_024)
  client_id?: string;

  /** Accepted and ignored. @example none */
  @IsOptional()
  @IsString()
  @MaxLength(1_024)
  client_secret?: string;
}

export class RefreshDto {
  /**
   * The refresh token of the last login or refresh. It is used up by this request.
   * @example 5mCn0cPVHkFvO6b1S9aJXqU3rT7wZ2yL
   */
  @IsString()
  @MaxLength(256)
  refreshToken: string;
}

export class LogoutDto {
  /** Also ends the session of this token. @example 5mCn0cPVHkFvO6b1S9aJXqU3rT7wZ2yL */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  refreshToken?: string;

  /**
   * true: ends all of your sessions.
   * @default false
   * @example true
   */
  @IsOptional()
  @IsBoolean()
  everywhere?: boolean;
}

export class TokensDto {
  accessToken: string;
  /** Valid for one refresh. */
  refreshToken: string;
  tokenType: 'Bearer';
  /** Lifetime of the access token in seconds. */
  expiresIn: number;
}

/** The refresh token is in the cookie of the answer. */
export class BrowserTokenDto {
  /** Keep it in memory only, never in the storage of the browser. */
  accessToken: string;
  tokenType: 'Bearer';
  /** Lifetime of the access token in seconds. */
  expiresIn: number;
}

export class RegisteredDto {
  user: UserDto;
  customer: CustomerDto;
  subscription: SubscriptionDto;
  accessToken: string;
  refreshToken: string;
  tokenType: 'Bearer';
  /** Lifetime of the access token in seconds. */
  expiresIn: number;
}

/** RFC 6749, 5.1. */
export class OAuthTokenDto {
  access_token: string;
  token_type: 'Bearer';
  expires_in: number;
  refresh_token: string;
}

export class JwksDto {
  keys: Record<string, string>[];
}
