import { ArrayMaxSize, IsArray, IsBoolean, IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { OwnProfile } from '@app/accounts';
import { type Language, LANGUAGES, MAIL_TOPICS, type MailTopic, type Role, ROLES } from '@app/users';
import { EmailField, Omittable, ProductField, ReasonField } from '../../http/input/fields.js';
import { ProfileDto } from '../../customers/dto/customer.dto.js';
import { ListQuery } from '../../http/pagination/list.query.js';

export class UpdateMeDto extends ProfileDto {
  /**
   * URL that receives the events of this user as webhooks; null: none. Rotate its secret to get one.
   * @example https://hooks.example.com/tollgate
   */
  @IsOptional()
  @IsString()
  @MaxLength(2_048)
  webhookUrl?: string | null;

  /** false: no notification mail. Mail about the account itself is always sent. @example true */
  @Omittable()
  @IsBoolean()
  mailEnabled?: boolean;

  /** Topics without mail. Replaces the stored list. @example ["usage"] */
  @ApiPropertyOptional({ enum: MAIL_TOPICS, isArray: true })
  @Omittable()
  @IsArray()
  @ArrayMaxSize(MAIL_TOPICS.length)
  @IsIn(MAIL_TOPICS, { each: true })
  mutedMails?: MailTopic[];

  /** Language of mails and notifications. @example de */
  @Omittable()
  @IsIn(LANGUAGES)
  language?: Language;
}

/** A change of role or status ends all sessions of the user immediately. */
export class UpdateUserDto {
  /**
   * `support` reads everything and repairs with a reason; `finance` reads all money, refunds and marks as paid with a
   * reason; `product_admin` administers one product.
   * @example product_admin
   */
  @IsOptional()
  @IsIn(ROLES)
  role?: Role;

  @ProductField({
    optional: 'not null',
    nonEmpty: true,
    description: 'Key of the product that the product admin manages.',
  })
  product?: string;

  /** false: all sessions end immediately and logins are rejected. @example false */
  @IsOptional()
  @IsBoolean()
  active?: boolean;
}

export class ListUsersQueryDto extends ListQuery {
  @EmailField({ optional: true, description: 'Only the account with this e-mail address, in any spelling.' })
  email?: string;
}

/** Confirmation by password before an irreversible change. */
export class ConfirmDto {
  /** Current password of the account, as a confirmation. @example "five lazy herons at noon" */
  @IsString()
  @MaxLength(1_024)
  password: string;
}

export class RemoveUserQueryDto {
  @ReasonField({ optional: true, nonEmpty: true, description: 'Stored in the audit log.' })
  reason?: string;
}

/** Data of an account that other libs store. */
export interface Surroundings {
  /** Key of the product of a product_admin. */
  product: string | null;
  webhookUrl: string | null;
}

/** A login account. */
export class UserDto {
  id: string;
  email: string;
  /** Time of verification; null: not verified. */
  emailVerifiedAt: Date | null;
  name: string | null;
  role: Role;
  /** Key of the product of a product_admin; null for other roles. */
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
    {
      id,
      email,
      emailVerifiedAt,
      name,
      role,
      active,
      mailEnabled,
      mutedMails,
      language,
      createdAt,
      updatedAt,
    }: Omit<UserDto, keyof Surroundings>,
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

/** A login account with its customer. */
export class MeDto extends UserDto {
  /** Key of the customer. */
  customer: string;
  region: string | null;
  deviceType: string | null;
  timezone: string;

  static fromProfile(profile: OwnProfile, product: string | null): MeDto {
    const { customer, region, deviceType, timezone, webhookUrl } = profile;
    return { ...UserDto.of(profile, { product, webhookUrl }), customer, region, deviceType, timezone };
  }
}

export class UserPageDto {
  data: UserDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
