/** The usage that a request reports: units of an entity, or a value in place of units. */
export interface Report {
  /** Name of the entity. */
  entity?: string;
  /** A number where the feature counts by `latest` or `max`, a text where it counts by `unique`. */
  value?: number | string;
}
