import { IsString, Length, MaxLength } from 'class-validator';
import { MAX_PASSWORD, MIN_PASSWORD } from '@app/auth';

export class ForgotPasswordDto {
  @IsString()
  @MaxLength(254)
  email: string;
}

export class ActionTokenDto {
  /** From the mail. */
  @IsString()
  @MaxLength(256)
  token: string;
}

export class ResetPasswordDto extends ActionTokenDto {
  /** 15 characters or more, if the service is not set to take fewer. */
  @IsString()
  @Length(MIN_PASSWORD, MAX_PASSWORD)
  password: string;
}

export class ChangePasswordDto {
  @IsString()
  @MaxLength(1_024)
  currentPassword: string;

  /** 15 characters or more, if the service is not set to take fewer. */
  @IsString()
  @Length(MIN_PASSWORD, MAX_PASSWORD)
  newPassword: string;
}

export class ChangeEmailDto {
  /** The new address. */
  @IsString()
  @MaxLength(254)
  email: string;

  /** The present password, once more. */
  @IsString()
  @MaxLength(1_024)
  password: string;
}

export class AcceptedDto {
  message: string;
}
