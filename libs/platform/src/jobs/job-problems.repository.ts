import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** A job that fails, or whose last check found differences. */
export interface JobProblem {
  job: string;
  kind: 'failing' | 'differences';
  /** Failures in a row, or differences. */
  count: number;
  since: Date;
}

/** Problems of jobs, for staff: they are stored so that every process can read them. */
@Injectable()
export class JobProblems {
  constructor(private readonly database: Database) {}

  /** Notes a failed run. */
  async failed(job: string, detail: string): Promise<void> {
    await this.database.transaction(() =>
      this.database.write(
        `insert into job_problems as p (job, kind, count, since, last_at, detail) values ($1, 'failing', 1, now(), now(), $2)
         on conflict (job, kind) do update set count = p.count + 1, last_at = now(), detail = excluded.detail`,
        [job, detail.slice(0, 500)],
      ),
    );
  }

  /** Notes a run that succeeded. */
  async succeeded(job: string): Promise<void> {
    await this.database.transaction(() => this.clear(job, 'failing'));
  }

  /** Notes the result of a check; none: the check found no difference. */
  async checked(job: string, differences: number): Promise<void> {
    await this.database.transaction(async () => {
      if (differences === 0) return this.clear(job, 'differences');
      await this.database.write(
        `insert into job_problems (job, kind, count, since, last_at) values ($1, 'differences', $2, now(), now())
         on conflict (job, kind) do update set count = excluded.count, last_at = now()`,
        [job, differences],
      );
    });
  }

  list(): Promise<JobProblem[]> {
    return this.database.query('select job, kind, count, since from job_problems order by job, kind');
  }

  private async clear(job: string, kind: JobProblem['kind']): Promise<void> {
    await this.database.write('delete from job_problems where job = $1 and kind = $2', [job, kind]);
  }
}
