import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Config, PlatformModule, startDatabase } from '@app/platform';
import { HealthController } from './health.controller.js';
import { WorkerModule } from './worker.module.js';

const config = Config.fromEnvironment();
const database = await startDatabase(config);

@Module({ imports: [PlatformModule.forRoot(config), WorkerModule], controllers: [HealthController] })
class WorkerAppModule {}

const app = await NestFactory.create(WorkerAppModule, new FastifyAdapter({ forceCloseConnections: 'idle' }));
const stop = async (): Promise<void> => {
  await app.close();
  await database.stop();
  process.exit(0);
};
process.once('SIGINT', () => void stop());
process.once('SIGTERM', () => void stop());
await app.listen(config.port, config.host);
console.log(`Tollgate's worker runs; health on ${await app.getUrl()}/health/ready`);
