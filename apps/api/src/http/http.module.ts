import { Global, Module } from '@nestjs/common';
import { Pages } from './pagination/pages.js';

/** What every controller may ask for. */
@Global()
@Module({ providers: [Pages], exports: [Pages] })
export class HttpModule {}
