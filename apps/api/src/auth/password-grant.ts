import { DomainError } from '@app/kernel';

/** @throws DomainError `unsupported_grant_type` (RFC 6749, 5.2) */
export function assertPasswordGrant(grantType: string): void {
  if (grantType === 'password') return;
  throw new DomainError(
    'malformed',
    'unsupported_grant_type',
    'Only the password grant is supported: send grant_type=password.',
    {
      errors: [{ field: 'grant_type', message: 'must be password' }],
    },
  );
}
