import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { EventsModule } from '@app/events';
import {
  Config,
  shutDownOnSignal,
  Metrics,
  PlatformModule,
  ServiceLogger,
  startDatabase,
  startTracing,
} from '@app/platform';
import { HealthController } from './health.controller.js';
import { WorkerModule } from './worker.module.js';

const config = Config.fromEnvironment();
if (config.tracing) await startTracing();
const database = await startDatabase(config);

@Module({ imports: [PlatformModule.forRoot(config), EventsModule, WorkerModule], controllers: [HealthController] })
class WorkerAppModule {}

const app = await NestFactory.create(WorkerAppModule, new FastifyAdapter({ forceCloseConnections: 'idle' }), {
  logger: new ServiceLogger(config),
});
app.get(Metrics).watchProcess();
shutDownOnSignal({ config, app, database });
await app.listen(config.port, config.host);
console.log(`Tollgate's worker runs; health on ${await app.getUrl()}/health/ready`);
