import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthModule, SigningKeys } from '@app/auth';
import { EventsModule } from '@app/events';
import { Config, PlatformModule, startDatabase } from '@app/platform';

/** `npm run rotate-keys`: another key signs access tokens from five minutes on; with `-- --now` at once, and all others are withdrawn. */
const config = Config.fromEnvironment();
const database = await startDatabase(config);

@Module({ imports: [PlatformModule.forRoot(config), EventsModule, AuthModule] })
class RotateKeysModule {}

const app = await NestFactory.createApplicationContext(RotateKeysModule, { logger: ['warn', 'error'] });
const immediately = process.argv.includes('--now');
const kid = await app.get(SigningKeys).rotate({ immediately });
process.stdout.write(
  immediately
    ? `Key ${kid} signs from now on. All others are withdrawn: every access token is dead, refresh tokens bring new ones.\n`
    : `Key ${kid} signs from five minutes on. The one before verifies until its last token is over.\n`,
);
await app.close();
await database.stop();
