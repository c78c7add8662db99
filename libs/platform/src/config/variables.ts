import { z } from 'zod';

export const onOff = z.enum(['on', 'off']);

/** `KEY=` in an environment file means "not set". */
export const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());
