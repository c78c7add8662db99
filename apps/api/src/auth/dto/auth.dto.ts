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

  /** 15 characters or more, if the service is not set to take fewer; any characters, but no password that is tried first, and neither the e-mail nor `tollgate`. */
  @IsString()
  @Length(MIN_PASSWORD, MAX_PASSWORD)
  password: string;

  @IsOptional()
  @IsString()
  @Length(1, 200)
  override name?: string;

  /** In which this person is written to. @default en */
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

  /** The e-mail. */
  @EmailField()
  username: string;

  @IsString()
  @MaxLength(1_024)
  password: string;

  /** Taken and not used. */
  @IsOptional()
  @IsString()
  @MaxLength(1_024)
  scope?: string;

  /** Taken and not used. */
  @IsOptional()
  @IsString()
  @MaxLength(1_024)
  client_id?: string;

  /** Taken and not used. */
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
  /** Ends this token's session too. */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  refreshToken?: string;

  /** Ends every session of yours. */
  @IsOptional()
  @IsBoolean()
  everywhere?: boolean;
}

export class TokensDto {
  accessToken: string;
  /** Good for one refresh. */
  refreshToken: string;
  tokenType: 'Bearer';
  /** Seconds. */
  expiresIn: number;
}

export class RegisteredDto {
  user: UserDto;
  customer: CustomerDto;
  subscription: SubscriptionDto;
  accessToken: string;
  refreshToken: string;
  tokenType: 'Bearer';
  /** Seconds. */
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
