import { Param } from '@nestjs/common';
import { isUUID } from 'class-validator';
import { invalidField } from '@app/kernel';

/** An id in the path. A value that is no UUID is a 422 that names the parameter. */
export const UuidParam = (name: string) =>
  Param(name, {
    transform: (value: string) => {
      if (!isUUID(value)) throw invalidField(name, 'must be a UUID');
      return value;
    },
  });
