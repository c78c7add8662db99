import { Injectable } from '@nestjs/common';
import type { OwnProfile } from '@app/accounts';
import { CatalogReader } from '@app/catalog';
import type { User } from '@app/users';
import { WebhookEndpointsService } from '@app/webhooks';
import { MeDto, type Surroundings, UserDto } from './dto/user.dto.js';

/** Adds data of other libs to accounts: the product key of a product_admin and the profile webhook URL. */
@Injectable()
export class UserPresenter {
  constructor(
    private readonly catalog: CatalogReader,
    private readonly endpoints: WebhookEndpointsService,
  ) {}

  async one(user: User): Promise<UserDto> {
    const [presented] = await this.many([user]);
    return presented!;
  }

  async many(users: User[]): Promise<UserDto[]> {
    const surroundings = await this.surroundingsOf(users);
    return users.map((user, index) => UserDto.of(user, surroundings[index]!));
  }

  async me(profile: OwnProfile): Promise<MeDto> {
    const { productId } = profile;
    return MeDto.fromProfile(profile, productId && (await this.catalog.productKey(productId)));
  }

  private async surroundingsOf(users: User[]): Promise<Surroundings[]> {
    const urls = await this.endpoints.profileUrls(users.map(({ customerId }) => customerId));
    return Promise.all(
      users.map(async ({ customerId, productId }) => ({
        product: productId && (await this.catalog.productKey(productId)),
        webhookUrl: urls.get(customerId) ?? null,
      })),
    );
  }
}
