import { DomainError } from '@app/kernel';
import { ProviderUnavailable } from './payment-provider.js';

const RETRY_SECONDS = 5;

/**
 * Turns a provider that does not answer into an error for the caller.
 * @throws DomainError `provider_unavailable`
 */
export async function reachable<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
    throw new DomainError(
      'unavailable',
      'provider_unavailable',
      'The payment provider does not answer; try again later.',
      { retryAfterSeconds: RETRY_SECONDS },
    );
  }
}
