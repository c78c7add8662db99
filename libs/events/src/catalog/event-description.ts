/** What is told of a type of event: enough for a stranger to write its receiver. */
export interface EventDescription {
  /** What it happens to: the kind of thing that `subject.id` names. */
  subject: string;
  summary: string;
  /** What changed, as it was; left out where nothing was. */
  before?: object;
  /** What changed, as it is now. */
  after?: object;
  /** Kept for the audit log, and told to nobody. */
  auditOnly?: true;
}
