import { IsBoolean, IsIn, IsOptional, IsString, IsUrl, Length, MaxLength } from 'class-validator';
import { ApiPropertyOptional } from '@nestjs/swagger';
import type { Profile } from '@app/auth';
import { type Role, ROLES, type User } from '@app/users';
import { ProfileDto } from '../../customers/dto/customer.dto.js';
import { ListQuery } from '../../http/pagination/list.query.js';

export class UpdateMeDto extends ProfileDto {
  /** Where this person's notifications are posted to; null: nowhere. */
  @IsOptional()
  @IsUrl({ protocols: ['http', 'https'], require_protocol: true, require_tld: false })
  @MaxLength(2_048)
  webhookUrl?: string | null;

  /** Whether mail is sent, beside what concerns the account itself. */
  @IsOptional()
  @IsBoolean()
  mailEnabled?: boolean;
}

/** Whoever gets another role, or is deactivated, is out at once. */
export class UpdateUserDto {
  /** `support` reads everything and repairs with a reason; `product_admin` rules one product. */
  @IsOptional()
  @IsIn(ROLES)
  role?: Role;

  /** Key of the product that a product admin rules. */
  @IsOptional()
  @IsString()
  @Length(1, 64)
  product?: string;

  /** false: out at once, and no more logins. */
  @IsOptional()
  @IsBoolean()
  active?: boolean;
}

export class ListUsersQueryDto extends ListQuery {
  @ApiPropertyOptional({ description: 'Only the one with this e-mail, in any spelling.' })
  @IsOptional()
  @IsString()
  @MaxLength(254)
  email?: string;
}

/** The password once more, before what cannot be taken back. */
export class ConfirmDto {
  @IsString()
  @MaxLength(1_024)
  password: string;
}

export class RemoveUserQueryDto {
  @ApiPropertyOptional({ description: 'Kept in the audit log.' })
  @IsOptional()
  @IsString()
  @Length(1, 500)
  reason?: string;
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
  createdAt: Date;
  updatedAt: Date;

  static of({ id, email, emailVerifiedAt, name, role, active, webhookUrl, mailEnabled, createdAt, updatedAt }: User, product: string | null): UserDto {
    return { id, email, emailVerifiedAt, name, role, product, active, webhookUrl, mailEnabled, createdAt, updatedAt };
  }
}

/** A login account with the customer it is. */
export class MeDto extends UserDto {
  /** Key of the customer. */
  customer: string;
  region: string | null;
  deviceType: string | null;
  timezone: string;

  static fromProfile({ user, customer }: Profile, product: string | null): MeDto {
    const { key, region, deviceType, timezone } = customer;
    return { ...UserDto.of(user, product), customer: key, region, deviceType, timezone };
  }
}

export class UserPageDto {
  data: UserDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
