import { SampleAccounts } from './accounts.js';
import { type PastService } from './past-service.js';
import { daysAfter, yearBefore } from './span.js';
import { readState, type SampleState, writeState } from './sample-state.js';
import { storyOf } from './story.js';
import { Storyteller } from './storyteller.js';

/** Days of the year; the last one ends with the start of the service. */
export const DAYS = 366;
/** The jobs run every second day, which halves their cost, and on each of these last days. */
const DAILY_DAYS = 12;
/** Usage of these last days is recorded each day. */
const DENSE_DAYS = 60;

/** A message of the process that loads: the number of loaded days, or why a step was left out. */
export type Report = { days: number } | { leftOut: string };

/** Loads the days that are not loaded yet. */
export async function loadYear(service: PastService, dataDir: string, report: (report: Report) => void): Promise<void> {
  const state = readState(dataDir)!;
  const year = yearBefore(new Date(state.endsAt));
  const { lives, steps } = storyOf(year);
  const save = (changes: Partial<SampleState>): void => writeState(dataDir, Object.assign(state, changes));
  service.moveTo(daysAfter(year.start, state.day));
  const accounts = new SampleAccounts(service, state.apiKey);
  if (state.day === 0) {
    await service.begin(year.start);
    await accounts.ensure(state.password);
  }
  save({ apiKey: await accounts.ensureKey() });
  const teller = new Storyteller(service, accounts);
  for (let number = state.day; number < DAYS; number++) {
    const start = daysAfter(year.start, number);
    const end = new Date(Math.min(daysAfter(start, 1).getTime(), year.end.getTime()));
    for (const [index, step] of steps.entries())
      if (step.at >= start && step.at < end) {
        const leftOut = await teller.tell(step, `sample-${index}`);
        if (leftOut) report({ leftOut });
      }
    service.moveTo(end);
    if (end < year.end) await teller.use(lives, { number, start, dense: number >= DAYS - DENSE_DAYS });
    if (number % 2 === 1 || number >= DAYS - DAILY_DAYS) await service.settle();
    save({ day: number + 1 });
    report({ days: number + 1 });
  }
}
