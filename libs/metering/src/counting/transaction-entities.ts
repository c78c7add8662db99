import { newId } from '@app/kernel';
import { type EntityMeter, entityHardLimit, type EntityRef } from '../domain/entity-meter.js';
import type { CounterKey } from '../domain/ledger.js';
import type { Reservation } from '../domain/reservation.js';
import type {
  EntityCounterChange,
  EntityCounterRow,
  EntityRelease,
  EntityRequest,
} from './entity-counters.repository.js';
import { counterName } from './meter-reading.js';
import { counterKeyOf, type PreparedCommand, type TransactionMeters } from './transaction-meters.js';

/** The meter of one entity as the commands of a transaction have left it so far. */
export interface TransactionEntity {
  key: CounterKey;
  meter: EntityMeter;
  /** The name to store with the first change; null: it is stored already. */
  newName: string | null;
  /** True when the entity's counter has a row. */
  exists: boolean;
  /** The values of the row; zeros when there is none. */
  stored: { used: number; reserved: number };
  /** True when a command has changed it without a limit. */
  unguarded: boolean;
  changed: boolean;
}

/** The counter of an entity, with the request that it answers. */
export type ReadEntity = EntityCounterRow & { request: EntityRequest };

/** The entities of one transaction. */
export class TransactionEntities {
  private readonly byName = new Map<string, TransactionEntity>();
  /** Ids by customer and name. */
  private readonly ids = new Map<string, string>();

  /** Requests of the commands that were not read yet. */
  missing(commands: (PreparedCommand | null)[]): EntityRequest[] {
    const requests = new Map<string, EntityRequest>();
    for (const prepared of commands) {
      prepared?.command.meterRefs.forEach((meterRef, index) => {
        const { entity } = meterRef;
        const key = entity && counterKeyOf(meterRef, prepared.entitlements[index]!, prepared.snapshot.customer.id);
        if (key && !this.find(entity, key)) requests.set(counterName(key) + JSON.stringify(entity), { ...key, entity });
      });
    }
    return [...requests.values()];
  }

  /** Takes up what was read. Reservations that have expired no longer count as reserved. */
  add(read: ReadEntity[], meters: TransactionMeters): void {
    for (const { request, entityId, exists, used, reserved, latestAt } of read) {
      const { entity, ...key } = request;
      const id = entityId ?? this.idOf(entity, key) ?? newId();
      if ('name' in entity) this.ids.set(nameKey(key, entity.name), id);
      if (this.byName.has(counterName(key) + id)) continue;
      const expired = meters.get(key)?.reading.expired ?? [];
      this.byName.set(counterName(key) + id, {
        key,
        meter: { id, used, reserved: reserved - expiredOf(expired, id), latestAt },
        newName: entityId === null && 'name' in entity ? entity.name : null,
        exists,
        stored: { used, reserved },
        unguarded: false,
        changed: false,
      });
    }
  }

  find(ref: EntityRef, key: CounterKey): TransactionEntity | undefined {
    const id = this.idOf(ref, key);
    return id === undefined ? undefined : this.byName.get(counterName(key) + id);
  }

  /** Names that the changed entities need, each once. */
  newNames(): { customerId: string; id: string; name: string }[] {
    const names = this.changed().flatMap(({ key: { customerId }, meter: { id }, newName }) =>
      newName === null ? [] : [{ customerId, id, name: newName }],
    );
    return [...new Map(names.map((name) => [name.id, name])).values()];
  }

  changes(meters: TransactionMeters): EntityCounterChange[] {
    return this.changed().map(({ key, meter, exists, stored, unguarded }) => {
      const { allowance, entitlement } = meters.get(key)!.reading;
      const { aggregation } = entitlement.feature;
      return {
        ...key,
        exists,
        entityId: meter.id,
        used: meter.used - stored.used,
        reserved: meter.reserved - stored.reserved,
        latestAt: meter.latestAt,
        hardLimit: entityHardLimit(aggregation, unguarded ? null : allowance.entityLimit),
      };
    });
  }

  /** The expired units of entities that no command has changed, on counters that are written. */
  releases(reservations: Reservation[]): EntityRelease[] {
    const releases = new Map<string, EntityRelease>();
    for (const { customerId, featureId, windowStart, entityId, quantity } of reservations) {
      if (entityId === null) continue;
      const key = { customerId, featureId, windowStart };
      if (this.find({ id: entityId }, key)?.changed) continue;
      const name = counterName(key) + entityId;
      releases.set(name, { ...key, entityId, reserved: quantity + (releases.get(name)?.reserved ?? 0) });
    }
    return [...releases.values()];
  }

  private changed(): TransactionEntity[] {
    return [...this.byName.values()].filter(({ changed }) => changed);
  }

  private idOf(ref: EntityRef, key: CounterKey): string | undefined {
    return 'id' in ref ? ref.id : this.ids.get(nameKey(key, ref.name));
  }
}

/** Units of an entity's reservations that have expired. */
export const expiredOf = (expired: Reservation[], entityId: string): number =>
  expired.reduce((sum, { entityId: id, quantity }) => (id === entityId ? sum + quantity : sum), 0);

const nameKey = ({ customerId }: CounterKey, name: string): string => `${customerId} ${name}`;
