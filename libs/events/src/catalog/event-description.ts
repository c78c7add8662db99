/** Public description of an event type: complete enough to write a receiver from it. */
export interface EventDescription {
  /** Kind of the object that `subject.id` identifies. */
  subject: string;
  /** One or two sentences for receivers: what happened to which object. */
  summary: string;
  /** Example of the changed fields before the change; omitted where there was no object before. */
  before?: object;
  /** Example of the changed fields after the change. */
  after?: object;
  /** Kept in the audit log only: not published to webhooks, streams or users. */
  auditOnly?: true;
  /** Counted per minute in the security log, which the audit log includes: not published either. */
  security?: true;
}
