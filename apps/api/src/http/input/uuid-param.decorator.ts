import { Param, ParseUUIDPipe } from '@nestjs/common';
import { invalidField } from '@app/kernel';

/** An id in the path. A value that is no UUID is a 422 that names the parameter. */
export const UuidParam = (name: string) =>
  Param(name, new ParseUUIDPipe({ exceptionFactory: () => invalidField(name, 'must be a UUID') }));
