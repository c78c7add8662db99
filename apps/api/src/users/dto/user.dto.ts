import { IsBoolean, IsIn, IsOptional, IsUrl, MaxLength } from 'class-validator';
import type { Profile } from '@app/auth';
import type { Role, User } from '@app/users';
import { ProfileDto } from '../../customers/dto/customer.dto.js';

export class UpdateMeDto extends ProfileDto {
  /** Where this person's notifications are posted to; null: nowhere. */
  @IsOptional()
  @IsUrl({ protocols: ['http', 'https'], require_protocol: true, require_tld: false })
  @MaxLength(2_048)
  webhookUrl?: string | null;

  /** Whether mail is sent. */
  @IsOptional()
  @IsBoolean()
  mailEnabled?: boolean;
}

export class UpdateUserDto {
  @IsOptional()
  @IsIn(['user', 'admin'])
  role?: Role;

  /** false: out at once, and no more logins. */
  @IsOptional()
  @IsBoolean()
  active?: boolean;
}

/** A login account. */
export class UserDto {
  id: string;
  email: string;
  name: string | null;
  role: Role;
  active: boolean;
  webhookUrl: string | null;
  mailEnabled: boolean;
  createdAt: Date;
  updatedAt: Date;

  static of({ id, email, name, role, active, webhookUrl, mailEnabled, createdAt, updatedAt }: User): UserDto {
    return { id, email, name, role, active, webhookUrl, mailEnabled, createdAt, updatedAt };
  }
}

/** A login account with the customer it is. */
export class MeDto extends UserDto {
  /** Key of the customer. */
  customer: string;
  region: string | null;
  deviceType: string | null;
  timezone: string;

  static fromProfile({ user, customer }: Profile): MeDto {
    const { key, region, deviceType, timezone } = customer;
    return { ...UserDto.of(user), customer: key, region, deviceType, timezone };
  }
}

export class UserPageDto {
  data: UserDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
