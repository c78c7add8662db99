import { Injectable } from '@nestjs/common';
import type { Profile } from '@app/auth';
import { CatalogReader } from '@app/catalog';
import type { User } from '@app/users';
import { MeDto, UserDto } from './dto/user.dto.js';

/** Puts the name of the product that somebody rules in place of its id. */
@Injectable()
export class UserPresenter {
  constructor(private readonly catalog: CatalogReader) {}

  async one(user: User): Promise<UserDto> {
    return UserDto.of(user, await this.productOf(user));
  }

  many(users: User[]): Promise<UserDto[]> {
    return Promise.all(users.map((user) => this.one(user)));
  }

  async me(profile: Profile): Promise<MeDto> {
    return MeDto.fromProfile(profile, await this.productOf(profile.user));
  }

  private async productOf({ productId }: User): Promise<string | null> {
    return productId && this.catalog.productKey(productId);
  }
}
