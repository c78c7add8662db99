import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { actorOf, ApiKeysService, type Principal } from '@app/auth';
import { allRows, type Page, type PageRequest, toPage } from '@app/kernel';
import { type AuditEntry, type AuditFilter, AuditLog } from '@app/events';
import { UsersService } from '@app/users';
import { EventScope } from '../http/access/event-scope.js';
import { optionalDate } from '../http/input/instants.js';
import { ConcurrencyLimit } from '../http/streaming/concurrency-limit.js';
import { type CsvColumns, inCsv } from '../http/streaming/csv.js';
import { AuditEntryDto, type AuditExportQueryDto, type NamedAuditEntry } from './dto/audit.dto.js';

const MAX_CONCURRENT = 2;

/** A line of the CSV. */
const CSV_COLUMNS: CsvColumns<AuditEntryDto> = {
  id: ({ id }) => id,
  at: ({ at }) => at.toISOString(),
  type: ({ type }) => type,
  actor_kind: ({ actor }) => actor.kind,
  actor_id: ({ actor }) => actor.id,
  actor_name: ({ actor }) => actor.name,
  address: ({ origin }) => origin?.address,
  request_id: ({ origin }) => origin?.requestId,
  subject_type: ({ subject }) => subject.type,
  subject_id: ({ subject }) => subject.id,
  sequence: ({ sequence }) => sequence,
  customer: ({ customer }) => customer,
  product: ({ product }) => product,
  reason: ({ reason }) => reason,
  before: ({ before }) => before && JSON.stringify(before),
  after: ({ after }) => after && JSON.stringify(after),
};

/** Reads the actions of users and keys, and security events, in the scope of the caller. */
@Injectable()
export class ReadAuditOperation {
  private readonly exports = new ConcurrencyLimit(MAX_CONCURRENT, 'exports');

  constructor(
    private readonly log: AuditLog,
    private readonly users: UsersService,
    private readonly apiKeys: ApiKeysService,
    private readonly scope: EventScope,
  ) {}

  /** @throws DomainError `product_not_allowed`, `product_not_found`, `customer_not_found` */
  async filterOf(
    { product, customer, actor, actorKind, subject, type, address, from, to }: AuditExportQueryDto,
    principal: Principal,
  ): Promise<AuditFilter> {
    const scope = await this.scope.narrow({ product, customer }, principal.scope);
    return {
      ...scope,
      actorId: actor,
      actorKind,
      subjectId: subject,
      type,
      address,
      from: optionalDate(from),
      to: optionalDate(to),
    };
  }

  /** Lists entries, newest first. */
  async list(filter: AuditFilter, page: PageRequest): Promise<Page<NamedAuditEntry>> {
    const { data, hasMore } = toPage(await this.log.list(filter, page), page.limit);
    return { data: await this.withNames(data), hasMore };
  }

  /** Streams all entries, page by page. @throws DomainError `too_many_at_once` */
  export(filter: AuditFilter, format: 'csv' | 'ndjson', principal: Principal): Readable {
    const entries = (): AsyncGenerator<AuditEntryDto> => this.entries(filter);
    return this.exports.run(actorOf(principal).id!, () =>
      format === 'csv' ? inCsv(entries(), CSV_COLUMNS) : Readable.from(inLines(entries()), { objectMode: false }),
    );
  }

  /** Adds the e-mail address of each user and the name of each API key that acted: two queries per page. */
  private async withNames(entries: AuditEntry[]): Promise<NamedAuditEntry[]> {
    const idsOf = (wanted: 'user' | 'api_key'): string[] => [
      ...new Set(entries.flatMap(({ actor: { kind, id } }) => (kind === wanted && id ? [id] : []))),
    ];
    const [users, keyNames] = await Promise.all([
      this.users.findByIds(idsOf('user')),
      this.apiKeys.namesOf(idsOf('api_key')),
    ]);
    const names = new Map([...users.map(({ id, email }) => [id, email] as const), ...keyNames]);
    return entries.map((entry) => ({
      ...entry,
      actor: { ...entry.actor, name: names.get(entry.actor.id ?? '') ?? null },
    }));
  }

  private async *entries(filter: AuditFilter): AsyncGenerator<AuditEntryDto> {
    for await (const entry of allRows((page) => this.list(filter, page))) yield AuditEntryDto.of(entry);
  }
}

async function* inLines(entries: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const entry of entries) yield `${JSON.stringify(entry)}\n`;
}
