/** How a delivery is sent: HTTP to a webhook endpoint, or a mail: of a notification, an account or billing. */
export type ChannelName = 'webhook' | 'mail' | 'account_mail' | 'billing_mail';

/** The destination of all mail: the mail server. */
export const MAIL_DESTINATION = '00000000-0000-7000-8000-000000000001';

/** `pending` until delivered or abandoned. `failed` is the dead letter: it can be redelivered. */
export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** One message for one destination. */
export interface Delivery {
  id: string;
  channel: ChannelName;
  destination: string;
  /** The same for every attempt and every destination of the message. */
  messageId: string;
  type: string;
  /** Number of the current attempt, from 1. */
  attempt: number;
  createdAt: Date;
}

/** The result of an attempt. `why` is one word for the log: `delivered`, `timeout`, `status_500`. */
export interface Outcome {
  /** `retry`: may succeed later. `never`: abandon this delivery. `gone`: abandon this destination. */
  result: 'delivered' | 'retry' | 'never' | 'gone';
  why: string;
  /** HTTP status of the response; omitted when there was none. */
  statusCode?: number;
  /** Pause that the receiver requested (`Retry-After`), for all of its deliveries. Milliseconds. */
  pauseMs?: number;
}

/** One entry in the log of a delivery. The response body is not stored. */
export interface Attempt {
  at: string;
  attempt: number;
  outcome: string;
  statusCode: number | null;
  durationMs: number;
}

export interface LoggedDelivery extends Omit<Delivery, 'attempt' | 'channel'> {
  status: DeliveryStatus;
  outcome: string | null;
  attempts: number;
  dueAt: Date | null;
  log: Attempt[];
  settledAt: Date | null;
}

/** Port for sending one kind of message. */
export interface Channel {
  /** Loads what a batch needs. @returns one attempt per delivery, in the same order; an attempt never throws */
  prepare(deliveries: Delivery[]): Promise<(() => Promise<Outcome>)[]>;
  /** Disables a destination. Called in a transaction. */
  giveUp?(destination: string, reason: 'gone' | 'failing'): Promise<void>;
}

/** A delivery to enqueue. */
export type NewDelivery = Pick<Delivery, 'channel' | 'destination' | 'messageId' | 'type'>;
