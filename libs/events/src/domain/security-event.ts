import type { Actor, Origin } from '@app/kernel';
import type { SecurityEventType } from '../catalog/event-catalog.js';

/** The author of a security event: an actor, or a caller that did not prove who it is. */
export type SecurityActor = Actor | { kind: 'anonymous'; id: null; origin?: Origin };

/** A login, a refusal or a blocked address. Never contains a secret, or an e-mail address in readable form. */
export interface SecurityEvent {
  type: SecurityEventType;
  /** The account, key or object that it is about. */
  subject: { type: string; id: string };
  customerId?: string | null;
  productId?: string | null;
  actor: SecurityActor;
  /** Why, as a code: `wrong_credentials`. */
  reason?: string | null;
  /** Further facts. Equal ones are counted together, so they name no time and no id of a request. */
  details?: Record<string, string | null>;
}

/** Equal security events of one minute, as the subject reads them in its export. */
export interface StoredSecurityEvent {
  id: string;
  type: SecurityEventType;
  origin: Origin | null;
  reason: string | null;
  details: Record<string, string | null>;
  count: number;
  at: Date;
  lastAt: Date;
}

/** Equal security events of one minute: a row of `security_events`. */
export interface SecurityCount {
  event: SecurityEvent;
  /** Id of the row, made at the first occurrence. */
  id: string;
  /** Equal for events that are counted in one row. */
  bucket: string;
  count: number;
  /** Of the first and of the last occurrence. */
  at: Date;
  lastAt: Date;
}
