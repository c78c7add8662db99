import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthModule, SigningKeys } from '@app/auth';
import { EventsModule } from '@app/events';
import { Config, PlatformModule, startDatabase } from '@app/platform';

/**
 * `npm run rotate-keys`: a new key signs access tokens in 5 minutes; `-- --now` signs immediately and revokes all
 * others.
 */
const config = Config.fromEnvironment();
const database = await startDatabase(config);

@Module({ imports: [PlatformModule.forRoot(config), EventsModule, AuthModule] })
class RotateKeysModule {}

const app = await NestFactory.createApplicationContext(RotateKeysModule, { logger: ['warn', 'error'] });
const immediately = process.argv.includes('--now');
const kid = await app.get(SigningKeys).rotate({ immediately });
process.stdout.write(
  immediately
    ? `Key ${kid} signs now. All other keys are revoked: no access token is valid any more, clients must refresh.\n`
    : `Key ${kid} signs in 5 minutes. The previous key verifies until its last token has expired.\n`,
);
await app.close();
await database.stop();
