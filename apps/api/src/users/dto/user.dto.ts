import { ArrayMaxSize, IsArray, IsBoolean, IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Profile } from '@app/accounts';
import { type Language, LANGUAGES, MAIL_TOPICS, type MailTopic, type Role, ROLES, type User } from '@app/users';
import { EmailField, ProductField, ReasonField } from '../../http/input/fields.js';
import { ProfileDto } from '../../customers/dto/customer.dto.js';
import { ListQuery } from '../../http/pagination/list.query.js';

export class UpdateMeDto extends ProfileDto {
  /** Where what happens to this person is posted to, as to any webhook endpoint; null: nowhere. Its secret is told when it is rotated. */
  @IsOptional()
  @IsString()
  @MaxLength(2_048)
  webhookUrl?: string | null;

  /** Whether mail is sent, beside what concerns the account itself. */
  @IsOptional()
  @IsBoolean()
  mailEnabled?: boolean;

  /** What no mail is wanted about. */
  @ApiPropertyOptional({ enum: MAIL_TOPICS, isArray: true })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAIL_TOPICS.length)
  @IsIn(MAIL_TOPICS, { each: true })
  mutedMails?: MailTopic[];

  /** In which this person is written to. */
  @IsOptional()
  @IsIn(LANGUAGES)
  language?: Language;
}

/** Whoever gets another role, or is deactivated, is out at once. */
export class UpdateUserDto {
  /** `support` reads everything and repairs with a reason; `product_admin` rules one product. */
  @IsOptional()
  @IsIn(ROLES)
  role?: Role;

  @ProductField({ nonEmpty: true, description: 'Key of the product that the product admin manages.' })
  product?: string;

  /** false: out at once, and no more logins. */
  @IsOptional()
  @IsBoolean()
  active?: boolean;
}

export class ListUsersQueryDto extends ListQuery {
  @EmailField({ optional: true, description: 'Only the one with this e-mail, in any spelling.' })
  email?: string;
}

/** The password once more, before what cannot be taken back. */
export class ConfirmDto {
  @IsString()
  @MaxLength(1_024)
  password: string;
}

export class RemoveUserQueryDto {
  @ReasonField({ optional: true, nonEmpty: true, description: 'Kept in the audit log.' })
  reason?: string;
}

/** What belongs to an account and is kept elsewhere. */
export interface Surroundings {
  /** Key of the product that a product admin rules. */
  product: string | null;
  webhookUrl: string | null;
}

/** A login account. */
export class UserDto {
  id: string;
  email: string;
  /** When its owner confirmed to get mail there; null: not yet. */
  emailVerifiedAt: Date | null;
  name: string | null;
  role: Role;
  /** Key of the product that a product admin rules; null for everybody else. */
  product: string | null;
  active: boolean;
  webhookUrl: string | null;
  mailEnabled: boolean;
  @ApiProperty({ enum: MAIL_TOPICS, isArray: true })
  mutedMails: MailTopic[];
  @ApiProperty({ enum: LANGUAGES })
  language: Language;
  createdAt: Date;
  updatedAt: Date;

  static of(
    { id, email, emailVerifiedAt, name, role, active, mailEnabled, mutedMails, language, createdAt, updatedAt }: User,
    { product, webhookUrl }: Surroundings,
  ): UserDto {
    return {
      id,
      email,
      emailVerifiedAt,
      name,
      role,
      product,
      active,
      webhookUrl,
      mailEnabled,
      mutedMails,
      language,
      createdAt,
      updatedAt,
    };
  }
}

/** A login account with the customer it is. */
export class MeDto extends UserDto {
  /** Key of the customer. */
  customer: string;
  region: string | null;
  deviceType: string | null;
  timezone: string;

  static fromProfile({ user, customer }: Profile, surroundings: Surroundings): MeDto {
    const { key, region, deviceType, timezone } = customer;
    return { ...UserDto.of(user, surroundings), customer: key, region, deviceType, timezone };
  }
}

export class UserPageDto {
  data: UserDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
