import { Injectable } from '@nestjs/common';
import { earliestOpening, type Entitlement, opensWithUse, withOpenedWindows } from '@app/entitlements';
import type { Connection } from '@app/platform';
import { CountersRepository, type OpeningSpan } from './counters.repository.js';
import type { PreparedCommand } from './transaction-meters.js';

/** An entitlement whose windows open with first use, and the instants of usage that may open one. */
export interface OpeningRequest {
  customerId: string;
  entitlement: Entitlement;
  uses: Date[];
}

/** How far the clock of another instance may be ahead: a window that it opened is found until then. */
const MAX_CLOCK_SKEW_MS = 300_000;

/** Finds the windows that first uses have opened. They are stored with their counters, not derived from terms. */
@Injectable()
export class OpenedWindows {
  constructor(private readonly counters: CountersRepository) {}

  /**
   * Completes entitlements with their opened windows. Requests of one customer and feature get the same windows. A use
   * after `now`, by a clock that is ahead, is a use now.
   * @returns the completed entitlements, without those whose windows do not open with first use
   */
  async find(connection: Connection, requests: OpeningRequest[], now: Date): Promise<Map<Entitlement, Entitlement>> {
    const earlier = new Map<string, Date[]>();
    const opening = requests.filter(({ entitlement }) => opensWithUse(entitlement));
    for (const request of opening) {
      const uses = earlier.get(nameOf(request)) ?? [];
      uses.push(...request.uses.filter((at) => at < now));
      earlier.set(nameOf(request), uses);
    }
    const distinct = [...new Map(opening.map((request) => [request.entitlement, request])).values()];
    const latest = new Date(now.getTime() + MAX_CLOCK_SKEW_MS);
    const spans = distinct.flatMap((request) => [
      { ...spanOf(request, now), until: latest },
      ...earlier.get(nameOf(request))!.map((at) => spanOf(request, at)),
    ]);
    if (spans.length === 0) return new Map();
    const stored = new Map<Entitlement, Date[]>(distinct.map(({ entitlement }) => [entitlement, []]));
    for (const { index, windowStart } of await this.counters.openedAround(connection, spans))
      if (windowStart <= latest) stored.get(spans[index]!.entitlement)!.push(windowStart);
    return new Map(
      distinct.map((request) => {
        const { entitlement } = request;
        const uses = earlier.get(nameOf(request))!;
        return [entitlement, withOpenedWindows(entitlement, { stored: stored.get(entitlement)!, uses, now })];
      }),
    );
  }
}

/** True where a command reads a window that a first use opens. */
export const readsOpenedWindows = (commands: (PreparedCommand | null)[]): boolean =>
  commands.some((prepared) => prepared?.entitlements.some(opensWithUse));

/** One request for each meter that the commands read. */
export const openingRequestsOf = (commands: (PreparedCommand | null)[]): OpeningRequest[] =>
  commands.flatMap((prepared) =>
    (prepared?.entitlements ?? []).map((entitlement, index) => {
      const { at } = prepared!.command.meterRefs[index]!;
      return { customerId: prepared!.snapshot.customer.id, entitlement, uses: at ? [at] : [] };
    }),
  );

/** The commands with completed entitlements. */
export const completed = <Command extends PreparedCommand | null>(
  commands: Command[],
  entitlements: Map<Entitlement, Entitlement>,
): Command[] =>
  commands.map(
    (prepared) =>
      prepared && {
        ...prepared,
        entitlements: prepared.entitlements.map((entitlement) => entitlements.get(entitlement) ?? entitlement),
      },
  );

const nameOf = ({ customerId, entitlement }: OpeningRequest): string => `${customerId} ${entitlement.feature.id}`;

function spanOf({ customerId, entitlement }: OpeningRequest, at: Date): OpeningSpan & { entitlement: Entitlement } {
  const { feature, schedule } = entitlement;
  return {
    entitlement,
    customerId,
    featureId: feature.id,
    windowName: schedule!.name,
    since: earliestOpening(schedule!, at),
    until: at,
  };
}
