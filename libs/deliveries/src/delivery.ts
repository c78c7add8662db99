/** What makes attempts: by HTTP to endpoints, or by mail. */
export type ChannelName = 'webhook' | 'mail' | 'account_mail';

/** Everything that waits for the mail server. */
export const MAIL_LANE = '00000000-0000-7000-8000-000000000001';

/** `pending` until it has arrived or is given up; a `failed` one can be sent again. */
export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** One message on its way to one receiver. */
export interface Delivery {
  id: string;
  channel: ChannelName;
  lane: string;
  /** The same for every attempt, and for every receiver of the same message. */
  messageId: string;
  type: string;
  /** This one, from 1. */
  attempt: number;
  createdAt: Date;
}

/** What came of an attempt. `why` is one word for the log: `delivered`, `timeout`, `status_500`. */
export interface Outcome {
  /** `retry`: it may work later; `never`: it will not, and is given up; `gone`: nothing for this receiver ever will. */
  result: 'delivered' | 'retry' | 'never' | 'gone';
  why: string;
  /** Of the answer; left out where there was none. */
  statusCode?: number;
  /** The receiver asks for so much patience, for all that waits for it. Milliseconds. */
  pauseMs?: number;
}

/** A line of the log of a delivery. What the receiver said is not kept. */
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

/** How messages of one kind are sent. */
export interface Channel {
  /** Reads what a batch needs. @returns the attempt for each, in their order: it never throws */
  prepare(deliveries: Delivery[]): Promise<(() => Promise<Outcome>)[]>;
  /** Nothing is to be sent to this receiver any more. Called in a transaction. */
  giveUp?(lane: string, reason: 'gone' | 'failing'): Promise<void>;
}

/** Something to be sent. */
export type NewDelivery = Pick<Delivery, 'channel' | 'lane' | 'messageId' | 'type'>;
