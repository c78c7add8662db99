import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { SubscriptionsModule } from '@app/subscriptions';
import { EntitlementsService } from './entitlements.service.js';

@Module({ imports: [CatalogModule, SubscriptionsModule], providers: [EntitlementsService], exports: [EntitlementsService] })
export class EntitlementsModule {}
