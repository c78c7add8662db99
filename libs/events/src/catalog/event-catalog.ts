import type { DeclaredEvents } from './declared-events.js';
import type { EventDescription } from './event-description.js';

type SecurityTypeOf<Table> = {
  [Type in keyof Table]: Table[Type] extends { security: true } ? Type : never;
}[keyof Table];
type TypeOf<Table> = Exclude<keyof Table, SecurityTypeOf<Table>>;

/** Every type of event that a lib declares. An undeclared type does not compile, and `Events.record` rejects it. */
export type EventType = { [Lib in keyof DeclaredEvents]: TypeOf<DeclaredEvents[Lib]> }[keyof DeclaredEvents];
/** The declared types that `SecurityLog` counts, and `Events.record` rejects. */
export type SecurityEventType = {
  [Lib in keyof DeclaredEvents]: SecurityTypeOf<DeclaredEvents[Lib]>;
}[keyof DeclaredEvents];
/** All declared types: the entries of the audit log. */
export type AuditedType = EventType | SecurityEventType;

/** `sequence` of security events: they are counted, and have no order within their subject. */
export const NOT_NUMBERED = 0;

const DECLARED = new Map<string, EventDescription>();

/**
 * Adds the events of a lib to the catalogue. The lib calls it in `<lib>.events.ts`, which its index.ts imports: each
 * process that can record or publish an event of the lib has loaded it.
 * @throws Error for a kind that another lib declares
 * @example
 * export const CUSTOMER_EVENTS = declareEvents({
 *   'customer.deleted': { subject: 'customer', summary: 'A customer was deleted.' },
 * });
 */
export function declareEvents<const Table extends Readonly<Record<string, EventDescription>>>(table: Table): Table {
  const declared = new Set([...DECLARED.keys()].map(kindOfType));
  for (const [type, description] of Object.entries(table)) {
    if (declared.has(kindOfType(type))) throw new Error(`Two libs declare events of the kind ${kindOfType(type)}.`);
    DECLARED.set(type, description);
  }
  return table;
}

/** The part of a type before the dot: `subscription` of `subscription.renewed`. */
export const kindOfType = (type: string): string => type.split('.')[0]!;

/** Every declared type: kinds in alphabetical order, types of a kind as its lib lists them. */
export function eventTypes(): AuditedType[] {
  const types = [...DECLARED.keys()] as AuditedType[];
  return types.sort((one, other) => kindOfType(one).localeCompare(kindOfType(other)));
}

/** The types that are published to webhooks and streams: all but those that only the audit log contains. */
export const publicEventTypes = (): EventType[] =>
  eventTypes().filter((type): type is EventType => isEventType(type) && !descriptionOf(type).auditOnly);

/** True for a declared type that `Events` records. */
export const isEventType = (text: string): text is EventType =>
  DECLARED.get(text)?.security === undefined && DECLARED.has(text);

/** Returns the public description of a type. */
export const descriptionOf = (type: AuditedType): EventDescription => DECLARED.get(type)!;

/** Returns an example message of a type, complete as receivers get it. */
export function exampleOf(type: AuditedType): object {
  const { subject, before = null, after = null, security } = descriptionOf(type);
  const { version = null } = (after ?? {}) as { version?: number };
  const id = '01998a4e-8000-7000-8000-000000000001';
  const actor = { kind: 'api_key', id: '01998a4e-8000-7000-8000-000000000002' };
  const data = {
    id,
    sequence: security ? NOT_NUMBERED : (version ?? 1),
    subject: { type: subject, id: '01998a4e-8000-7000-8000-000000000003' },
    version,
    customer: 'acme',
    product: 'api',
    actor,
    reason: null,
    before,
    after,
  };
  return { type, timestamp: '2026-11-21T09:00:00.000Z', data };
}
