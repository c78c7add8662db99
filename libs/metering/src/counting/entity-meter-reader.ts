import { Injectable } from '@nestjs/common';
import type { Connection } from '@app/platform';
import type { EntityMeter, EntityRef } from '../domain/entity-meter.js';
import { EntityCountersRepository } from './entity-counters.repository.js';
import type { MeterReading } from './meter-reading.js';
import { expiredOf } from './transaction-entities.js';

/** Reads the meters of entities outside of a command. */
@Injectable()
export class EntityMeterReader {
  constructor(private readonly counters: EntityCountersRepository) {}

  /** @returns one meter for each reading; null where no entity is requested */
  async read(
    connection: Connection,
    readings: MeterReading[],
    entities: (EntityRef | undefined)[],
  ): Promise<(EntityMeter | null)[]> {
    const meters = new Array<EntityMeter | null>(readings.length).fill(null);
    const requested = entities.flatMap((entity, index) => {
      const { customerId, featureId, windowStart } = readings[index]!;
      return entity ? [{ index, request: { customerId, featureId, windowStart, entity } }] : [];
    });
    if (requested.length === 0) return meters;
    const rows = await this.counters.read(
      connection,
      requested.map(({ request }) => request),
    );
    for (const { n, entityId, used, reserved, latestAt } of rows) {
      const { index } = requested[n - 1]!;
      const id = entityId ?? '';
      meters[index] = { id, used, reserved: reserved - expiredOf(readings[index]!.expired, id), latestAt };
    }
    return meters;
  }
}
