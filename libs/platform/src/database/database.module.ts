import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { Config } from '../config/config.js';
import { QueryWatch } from '../observation/query-watch.js';
import { connectionOptions } from './connection-options.js';
import { Database } from './database.js';
import { PipelinedDatabase } from './pipelined-database.js';

const POOL = 'commands';

@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [Config, QueryWatch],
      useFactory: (config: Config, watch: QueryWatch) => ({
        ...connectionOptions(config, watch.clientFor(POOL)),
        autoLoadEntities: true,
        retryAttempts: 0,
      }),
    }),
  ],
  providers: [Database, PipelinedDatabase],
  exports: [Database, PipelinedDatabase],
})
export class DatabaseModule {
  constructor(dataSource: DataSource, watch: QueryWatch) {
    watch.watchPool(POOL, (dataSource.driver as PostgresDriver).master as Pool);
  }
}
