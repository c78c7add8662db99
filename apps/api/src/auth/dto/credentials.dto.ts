import { IsString, Length, MaxLength } from 'class-validator';
import { MAX_PASSWORD, MIN_PASSWORD } from '@app/auth';
import { EmailField } from '../../http/input/fields.js';
import { LoginDto } from './auth.dto.js';

export class ForgotPasswordDto {
  /** Address of the account that needs a new password. */
  @EmailField()
  email: string;
}

export class ActionTokenDto {
  /** Token from the mail. @example Zk3vQ8sT1bY6nR0wLx5uHc2J */
  @IsString()
  @MaxLength(256)
  token: string;
}

export class ResetPasswordDto extends ActionTokenDto {
  /**
   * The new password: at least 15 characters, unless the service is configured otherwise.
   * @example "seven calm otters at dawn"
   */
  @IsString()
  @Length(MIN_PASSWORD, MAX_PASSWORD)
  password: string;
}

export class ChangePasswordDto {
  /** The present password, as a confirmation. @example "five lazy herons at noon" */
  @IsString()
  @MaxLength(1_024)
  currentPassword: string;

  /** At least 15 characters, unless the service is configured otherwise. @example "seven calm otters at dawn" */
  @IsString()
  @Length(MIN_PASSWORD, MAX_PASSWORD)
  newPassword: string;
}

/** The new address, confirmed by the current password. */
export class ChangeEmailDto extends LoginDto {}

export class AcceptedDto {
  message: string;
}
