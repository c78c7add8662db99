import { BrowserSession, createQueryClient } from '@tollgate/web';
import { PortalSession } from './portal-session';
import { lostSession } from './return-url';

/** Session of a person with an account. */
export const account = new BrowserSession();

export const queryClient = createQueryClient();

/** Session of the link that opened the page; null: the page was opened without a link. */
export let portalSession: PortalSession | null = null;

/** This tab had the session of a link, which a reload ended. */
export const wasReloaded = lostSession() !== null;

/** Begins with the link of the address, or else with the session of an account. */
export function enter(link: string | null): void {
  if (link) {
    portalSession = new PortalSession(link);
    void portalSession.open();
  } else if (!wasReloaded) {
    // After a reload the person chooses: the account of this browser may belong to another customer.
    void account.renew();
  }
}
