import { Global, Logger, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Pool, PoolClient } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { Config } from '../config/config.js';
import { connectionOptions } from './connection-options.js';
import { Database } from './database.js';
import { Pipeline } from './pipeline.js';

const logger = new Logger('Database');

/** Connects, and keeps the process alive when a connection dies: without listeners such an error would end it. */
async function connect(options: DataSourceOptions): Promise<DataSource> {
  const dataSource = await new DataSource(options).initialize();
  const pool = (dataSource.driver as PostgresDriver).master as Pool;
  const lost = (error: Error) => logger.warn(`A database connection was lost: ${error.message}`);
  pool.on('error', lost);
  pool.on('connect', (client: PoolClient) => client.on('error', lost));
  return dataSource;
}

@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [Config],
      useFactory: (config: Config) => ({ ...connectionOptions(config.requireDatabaseUrl()), autoLoadEntities: true, retryAttempts: 0 }),
      dataSourceFactory: (options) => connect(options!),
    }),
  ],
  providers: [Database, Pipeline],
  exports: [Database, Pipeline],
})
export class DatabaseModule {}
