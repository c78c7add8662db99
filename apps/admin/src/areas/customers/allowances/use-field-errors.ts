import { ApiError } from '@tollgate/web';
import { useState } from 'react';

/** Messages of the API for the fields of a dialog, kept until the next attempt. */
export function useFieldErrors(): [Record<string, string>, <T>(run: () => Promise<T>) => Promise<T>] {
  const [errors, setErrors] = useState<Record<string, string>>({});
  const watch = async <T>(run: () => Promise<T>): Promise<T> => {
    setErrors({});
    try {
      return await run();
    } catch (error) {
      if (error instanceof ApiError) setErrors(error.fieldErrors);
      throw error;
    }
  };
  return [errors, watch];
}
