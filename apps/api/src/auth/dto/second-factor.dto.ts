import { IsString, MaxLength } from 'class-validator';

export class PasswordDto {
  /** Current password of the account, as a confirmation. @example "five lazy herons at noon" */
  @IsString()
  @MaxLength(1_024)
  password: string;
}

export class CodeDto {
  /** Code of the authenticator app, or a recovery code where the factor is in force. @example "287082" */
  @IsString()
  @MaxLength(64)
  code: string;
}

export class LoginCodeDto extends CodeDto {
  /**
   * The `challenge` of the problem `second_factor_required`, valid for five minutes.
   * @example 01998a4e-8000-7000-8000-00000000000e.1796052278000.Zk3vQ8sT1bY6nR0wLx5uHc2J
   */
  @IsString()
  @MaxLength(128)
  challenge: string;
}

export class DisableSecondFactorDto extends CodeDto {
  /** Current password of the account. @example "five lazy herons at noon" */
  @IsString()
  @MaxLength(1_024)
  password: string;
}

export class SecondFactorDto {
  /** True: logins need a code. */
  enabled: boolean;
  /** When it was confirmed. Null: not enabled. */
  confirmedAt: Date | null;
  recoveryCodesLeft: number;
}

export class SecondFactorSecretDto {
  /** Base32. It is not shown again. */
  secret: string;
  /** The same as a URI of the authenticator app, to show as a QR code. */
  uri: string;
}

export class RecoveryCodesDto {
  /** Ten codes, each valid once in place of a code of the app. They are not shown again. */
  recoveryCodes: string[];
}
