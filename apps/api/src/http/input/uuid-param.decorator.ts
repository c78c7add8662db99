import { Param, ParseUUIDPipe } from '@nestjs/common';
import { invalidField } from '@app/kernel';

/** An id in the path: anything but a UUID is refused with its field. */
export const UuidParam = (name: string) =>
  Param(name, new ParseUUIDPipe({ exceptionFactory: () => invalidField(name, 'must be a UUID') }));
