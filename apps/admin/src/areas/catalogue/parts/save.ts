import { notifications } from '@mantine/notifications';
import { type QueryKey, useMutation, type UseMutationResult, useQueryClient } from '@tanstack/react-query';
import { ApiError, commonTexts, useTexts } from '@tollgate/web';
import { useRef } from 'react';

export interface SaveOptions<Input, Result> {
  /** @param idempotencyKey for routes that take one: an unanswered request is repeated under the same key */
  save: (input: Input, idempotencyKey: string) => Promise<Result>;
  /** Reads that are out of date afterwards. */
  invalidates: QueryKey;
  /** Text of the notification on success. */
  saved?: string;
  onSaved?: (result: Result) => void;
}

/** A write of the catalogue: on success it refreshes the reads concerned and notifies. */
export function useSave<Input, Result>(options: SaveOptions<Input, Result>): UseMutationResult<Result, Error, Input> {
  const client = useQueryClient();
  const { close } = useTexts(commonTexts);
  const key = useRef(crypto.randomUUID());
  return useMutation({
    mutationFn: (input: Input) => options.save(input, key.current),
    onSuccess: async (result) => {
      key.current = crypto.randomUUID();
      if (options.saved)
        notifications.show({ color: 'green', message: options.saved, closeButtonProps: { 'aria-label': close } });
      options.onSaved?.(result);
      await client.invalidateQueries({ queryKey: options.invalidates });
    },
    onError: (error) => {
      // A refused request changed nothing; the corrected one is another request.
      if (error instanceof ApiError && !error.isUnavailable) key.current = crypto.randomUUID();
    },
  });
}

/** Messages of the invalid fields of a refused request, by path. */
export const fieldErrorsOf = (error: unknown): Record<string, string> =>
  error instanceof ApiError ? error.fieldErrors : {};
