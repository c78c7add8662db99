import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { EventsModule } from '@app/events';
import {
  compactHeap,
  Config,
  exitWith,
  listenFailure,
  shutDownOnSignal,
  Metrics,
  PlatformModule,
  ServiceLogger,
  startDatabase,
  startTracing,
} from '@app/platform';
import { stripeWhenConfigured } from '@app/stripe';
import { HealthController } from './health.controller.js';
import { WorkerModule } from './worker.module.js';

async function start(): Promise<void> {
  const config = Config.fromEnvironment();
  if (config.tracing) await startTracing();
  const database = await startDatabase(config);

  @Module({
    imports: [PlatformModule.forRoot(config), EventsModule, ...stripeWhenConfigured(config), WorkerModule],
    controllers: [HealthController],
  })
  class WorkerAppModule {}

  const app = await NestFactory.create(WorkerAppModule, new FastifyAdapter({ forceCloseConnections: 'idle' }), {
    logger: new ServiceLogger(config),
  });
  app.get(Metrics).watchProcess();
  const stop = shutDownOnSignal({ config, app, database });
  try {
    await compactHeap();
    await app.listen(config.port, config.host);
    console.log(`Tollgate's worker runs; health on ${await app.getUrl()}/health/ready`);
  } catch (error) {
    const failure = listenFailure(error, config);
    console.error(failure instanceof Error ? failure.message : failure);
    await stop(1);
  }
}

start().catch(exitWith);
