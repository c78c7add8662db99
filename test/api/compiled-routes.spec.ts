import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type CanActivate,
  Controller,
  createParamDecorator,
  Get,
  Injectable,
  Module,
  Redirect,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startApp } from '../support/app.js';
import { Allow } from '../../apps/api/src/http/access/allow.decorator.js';
import { ProblemFilter } from '../../apps/api/src/http/problems/problem.filter.js';

@Injectable()
class UnknownGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}
const Unknown = createParamDecorator(() => 'a value');

@Controller('test/guarded')
class GuardedController {
  @Get()
  @Allow('public')
  @UseGuards(UnknownGuard)
  read(): string {
    return 'secret';
  }
}

@Controller('test/parameter')
class ParameterController {
  @Get()
  @Allow('public')
  read(@Unknown() value: string): string {
    return value;
  }
}

@Controller('test/filtered')
class FilteredController {
  @Get()
  @Allow('public')
  @UseFilters(ProblemFilter)
  read(): string {
    return 'a value';
  }
}

@Controller('test/redirected')
class RedirectedController {
  @Get()
  @Allow('public')
  @Redirect('/elsewhere')
  read(): void {}
}

describe('a route that cannot be compiled', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it.each([
    ['a guard', GuardedController, 'UnknownGuard has no method compile'],
    ['a parameter', ParameterController, 'its parameter 0 is unknown'],
    ['a filter', FilteredController, 'it uses __exceptionFilters__'],
    ['a redirect', RedirectedController, 'it uses __redirect__'],
  ])('with %s that is not known stops the start', async (_, controller, why) => {
    @Module({ controllers: [controller] })
    class Extra {}
    await expect(startApp({ database, extra: [Extra] })).rejects.toThrow(
      `${controller.name}.read cannot be compiled: ${why}`,
    );
  });
});
