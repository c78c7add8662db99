/**
 * Event tables by lib. Each lib adds its own by module augmentation, so that `EventType` contains every type without
 * an import of a lib above:
 *
 *     declare module '@app/events' {
 *       interface DeclaredEvents {
 *         customers: typeof CUSTOMER_EVENTS;
 *       }
 *     }
 */
export interface DeclaredEvents {
  /** This lib declares no event. */
  events: Record<never, never>;
}
