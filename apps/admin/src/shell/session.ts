import { BrowserSession, createQueryClient } from '@tollgate/web';

/** Session of the person at this page. */
export const session = new BrowserSession();

/** Typed access to the API in this session. */
export const { api } = session;

export const queryClient = createQueryClient();
