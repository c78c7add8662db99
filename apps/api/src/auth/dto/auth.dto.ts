import { IsBoolean, IsIn, IsOptional, IsString, Length, MaxLength } from 'class-validator';
import { MAX_PASSWORD, MIN_PASSWORD } from '@app/auth';
import { type Language, LANGUAGES } from '@app/users';
import { EmailField } from '../../http/input/fields.js';
import { CustomerDto, ProfileDto } from '../../customers/dto/customer.dto.js';
import { SubscriptionDto } from '../../subscriptions/dto/subscription.dto.js';
import { UserDto } from '../../users/dto/user.dto.js';

export class RegisterDto extends ProfileDto {
  @EmailField()
  email: string;

  /**
   * At least 15 characters, unless the service is configured otherwise. Rejected: common passwords, and ones with the
   * e-mail address or `tollgate`.
   */
  @IsString()
  @Length(MIN_PASSWORD, MAX_PASSWORD)
  password: string;

  @IsOptional()
  @IsString()
  @Length(1, 200)
  override name?: string;

  /** Language of mails and notifications. @default en */
  @IsOptional()
  @IsIn(LANGUAGES)
  language?: Language;
}

export class LoginDto {
  @EmailField()
  email: string;

  @IsString()
  @MaxLength(1_024)
  password: string;
}

/** OAuth 2 password grant (RFC 6749, 4.3). */
export class TokenDto {
  @IsString()
  @MaxLength(64)
  grant_type: string;

  /** E-mail address. */
  @EmailField()
  username: string;

  @IsString()
  @MaxLength(1_024)
  password: string;

  /** Accepted and ignored. */
  @IsOptional()
  @IsString()
  @MaxLength(1_024)
  scope?: string;

  /** Accepted and ignored. */
  @IsOptional()
  @IsString()
  @MaxLength(1_024)
  client_id?: string;

  /** Accepted and ignored. */
  @IsOptional()
  @IsString()
  @MaxLength(1_024)
  client_secret?: string;
}

export class RefreshDto {
  @IsString()
  @MaxLength(256)
  refreshToken: string;
}

export class LogoutDto {
  /** Also ends the session of this token. */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  refreshToken?: string;

  /** true: ends all of your sessions. */
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
