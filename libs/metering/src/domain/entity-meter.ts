import type { Aggregation } from '@app/catalog';
import { DomainError, MAX_COUNT } from '@app/kernel';
import type { Report } from './report.js';

/** In place of an entity's id: reported values that name no entity. */
export const NO_ENTITY = '00000000-0000-0000-0000-000000000000';

/** An entity of a customer: by the name that its caller chose, or by the id of the name. */
export type EntityRef = { name: string } | { id: string };

/**
 * The part of a meter that belongs to one entity, such as a member or a project. A distinct value of a feature that
 * counts by `unique` is an entity too: its count is 1. Counts are units.
 */
export interface EntityMeter {
  id: string;
  used: number;
  /** Units that reservations reserve. */
  reserved: number;
  /** The time of the newest reported value. Null: none yet. */
  latestAt: Date | null;
}

/** The entity whose meter a report changes; undefined: only the customer's. */
export function entityRefOf({ entity, value }: Report): EntityRef | undefined {
  if (typeof value === 'string') return { name: value };
  if (entity !== undefined) return { name: entity };
  return value === undefined ? undefined : { id: NO_ENTITY };
}

/** The entity's meter after a change. The newest value keeps its time, so that an older one changes nothing. */
export function changed(entity: EntityMeter, change: number, reportedAt: Date | null): EntityMeter {
  const { id, used, reserved, latestAt } = entity;
  const isNewest = reportedAt !== null && (latestAt === null || reportedAt > latestAt);
  return { id, used: used + change, reserved, latestAt: isNewest ? reportedAt : latestAt };
}

/** @throws DomainError `entity_required` when the terms limit each entity and the report names none */
export function assertEntity(entityLimit: number | null | undefined, { entity }: Report): void {
  if (typeof entityLimit !== 'number' || entity !== undefined) return;
  throw new DomainError('invalid', 'entity_required', 'The feature has a limit for each entity; send "entity".', {
    errors: [{ field: 'entity', message: 'is required' }],
  });
}

/** Units that the entity may still use. Without an entity, or a limit for each: no bound. */
export function entityRoom(entityLimit: number | null, entity: EntityMeter | null | undefined): number {
  if (entityLimit === null || !entity) return MAX_COUNT;
  return Math.max(0, entityLimit - entity.used - entity.reserved);
}

/** The limit of the entity's row that the database enforces: a distinct value counts once. */
export const entityHardLimit = (aggregation: Aggregation, entityLimit: number | null): number | null =>
  aggregation === 'unique' ? 1 : entityLimit;
