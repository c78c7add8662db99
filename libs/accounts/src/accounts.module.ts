import { Module } from '@nestjs/common';
import { AuthModule } from '@app/auth';
import { BillingModule } from '@app/billing';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { EntitlementsModule } from '@app/entitlements';
import { MeteringModule } from '@app/metering';
import { NotificationsModule } from '@app/notifications';
import { SubscriptionsModule } from '@app/subscriptions';
import { UsersModule } from '@app/users';
import { WebhooksModule } from '@app/webhooks';
import { AccountDeletionService } from './account-deletion.service.js';
import { AccountExportService } from './account-export.service.js';
import { AccountsService } from './accounts.service.js';
import { CredentialsExport } from './credentials-export.js';
import { CustomerAccountsService } from './customer-accounts.service.js';
import { CustomerDataEraser } from './customer-data-eraser.js';
import { CustomerExport } from './customer-export.js';
import { EventExport } from './event-export.js';
import { MeteredApiKeysService } from './metered-api-keys.service.js';
import { PersonalDataEraser } from './personal-data-eraser.js';
import { ProfileService } from './profile.service.js';
import { ProfilesRepository } from './profiles.repository.js';
import { RegistrationService } from './registration.service.js';
import { SignedOnAccounts } from './signed-on-accounts.js';
import { SingleSignOnService } from './single-sign-on.service.js';
import { TestClockDeletionService } from './test-clock-deletion.service.js';

/** Providers that the apps may inject. */
const EXPORTED = [
  RegistrationService,
  SingleSignOnService,
  ProfileService,
  AccountsService,
  AccountDeletionService,
  AccountExportService,
  CustomerAccountsService,
  MeteredApiKeysService,
  TestClockDeletionService,
];

@Module({
  imports: [
    AuthModule,
    BillingModule,
    CatalogModule,
    CustomersModule,
    EntitlementsModule,
    MeteringModule,
    NotificationsModule,
    SubscriptionsModule,
    UsersModule,
    WebhooksModule,
  ],
  providers: [
    ...EXPORTED,
    ProfilesRepository,
    SignedOnAccounts,
    PersonalDataEraser,
    CustomerDataEraser,
    CustomerExport,
    EventExport,
    CredentialsExport,
  ],
  exports: EXPORTED,
})
export class AccountsModule {}
