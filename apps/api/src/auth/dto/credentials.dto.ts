import { IsString, Length, MaxLength } from 'class-validator';
import { MAX_PASSWORD, MIN_PASSWORD } from '@app/auth';
import { EmailField } from '../../http/input/fields.js';
import { LoginDto } from './auth.dto.js';

export class ForgotPasswordDto {
  @EmailField()
  email: string;
}

export class ActionTokenDto {
  /** Token from the mail. */
  @IsString()
  @MaxLength(256)
  token: string;
}

export class ResetPasswordDto extends ActionTokenDto {
  /** At least 15 characters, unless the service is configured otherwise. */
  @IsString()
  @Length(MIN_PASSWORD, MAX_PASSWORD)
  password: string;
}

export class ChangePasswordDto {
  @IsString()
  @MaxLength(1_024)
  currentPassword: string;

  /** At least 15 characters, unless the service is configured otherwise. */
  @IsString()
  @Length(MIN_PASSWORD, MAX_PASSWORD)
  newPassword: string;
}

/** The new address, confirmed by the current password. */
export class ChangeEmailDto extends LoginDto {}

export class AcceptedDto {
  message: string;
}
