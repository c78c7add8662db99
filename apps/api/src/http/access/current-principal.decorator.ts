import { AccessScope } from '@app/kernel';
import { requestParam } from '../routes/route.js';
import type { WithPrincipal } from './with-principal.js';

/** The scope of the caller. Made once for each session and API key, and cached with it. */
export const scopeOf = ({ caller }: WithPrincipal): AccessScope => caller?.scope ?? AccessScope.ANONYMOUS;

/** The caller; null only on routes that need no credentials. */
export const CurrentPrincipal = () => requestParam(({ principal }) => principal);
/** The scope of the caller: everything that it may see. */
export const CurrentScope = () => requestParam(scopeOf);
/** The customer that the request is about, in the caller's scope (`@ResolveCustomer()`). */
export const CurrentCustomer = () => requestParam(({ customer }) => customer);
/** The confirmed snapshot of that customer (`@ResolveCustomer()`); null where this process had none. */
export const CurrentSnapshot = () => requestParam(({ snapshot }) => snapshot);
/** The subscription that the request is about, in the caller's scope (`@ResolveSubscription()`). */
export const CurrentSubscription = () => requestParam(({ subscription }) => subscription);
