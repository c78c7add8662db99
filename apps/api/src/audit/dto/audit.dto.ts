import { IsIn, IsIP, IsOptional, IsString, IsUUID, Length, MaxLength } from 'class-validator';
import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import type { AuditEntry } from '@app/events';
import { CustomerField, EXAMPLE_ID, InstantField, ProductField } from '../../http/input/fields.js';
import { ListQuery } from '../../http/pagination/list.query.js';

const ACTORS = ['user', 'api_key', 'portal', 'system', 'anonymous'] as const;
export const EXPORT_FORMATS = ['csv', 'ndjson'] as const;

export class AuditQueryDto extends ListQuery {
  @ProductField({ nonEmpty: true, description: 'Key of a product. Default: all events that the caller may see.' })
  product?: string;

  @CustomerField({ optional: true, nonEmpty: true, description: 'Key of a customer.' })
  customer?: string;

  @ApiPropertyOptional({
    format: 'uuid',
    description: 'Id of the user, the API key or the portal session that did it.',
    example: EXAMPLE_ID,
  })
  @IsOptional()
  @IsUUID()
  actor?: string;

  @ApiPropertyOptional({
    enum: ACTORS,
    description:
      'Kind of the actor. `portal`: a customer in a portal session. `anonymous`: callers of security events that did not prove who they are.',
    example: 'api_key',
  })
  @IsOptional()
  @IsIn(ACTORS)
  actorKind?: (typeof ACTORS)[number];

  @ApiPropertyOptional({
    format: 'uuid',
    description: 'Id of the object that the entry is about.',
    example: EXAMPLE_ID,
  })
  @IsOptional()
  @IsUUID()
  subject?: string;

  @ApiPropertyOptional({
    description: 'A type of event, or all of a kind. Logins: `login.*`; refusals: `access.*`.',
    example: 'subscription.*',
  })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  type?: string;

  @ApiPropertyOptional({ description: 'IP address that the request came from.', example: '203.0.113.7' })
  @IsOptional()
  @IsIP()
  address?: string;

  @InstantField({ optional: true, description: 'Entries at or after this instant.' })
  from?: string;

  @InstantField({ optional: true, description: 'Entries before this instant.' })
  to?: string;
}

export class AuditExportQueryDto extends OmitType(AuditQueryDto, ['limit', 'cursor', 'fields']) {
  @ApiPropertyOptional({
    enum: EXPORT_FORMATS,
    default: 'ndjson',
    example: 'csv',
    description: 'In CSV, what a spreadsheet would take for a formula is marked as text.',
  })
  @IsOptional()
  @IsIn(EXPORT_FORMATS)
  @MaxLength(8)
  format?: (typeof EXPORT_FORMATS)[number];
}

export class AuditActorDto {
  @ApiProperty({ enum: ACTORS })
  kind: (typeof ACTORS)[number];
  id: string | null;
  /** The e-mail address of a user, the name of a key; null when there is none any more. */
  name: string | null;
}

export class AuditOriginDto {
  address: string;
  requestId: string;
}

export class AuditSubjectDto {
  type: string;
  id: string;
}

/** An entry, with the name of its actor. */
export interface NamedAuditEntry extends AuditEntry {
  actor: AuditEntry['actor'] & { name: string | null };
}

/** An action of a user or an API key, or equal security events of one minute. */
export class AuditEntryDto {
  id: string;
  type: string;
  /** When; for customers of a test clock, by their clock. The first time, for an entry that counts several events. */
  at: Date;
  actor: AuditActorDto;
  /** Origin of the request; null when it did not come over HTTP. */
  origin: AuditOriginDto | null;
  subject: AuditSubjectDto;
  /** 1, 2, 3 and so on, of its subject; 0 for security events, which are counted. */
  sequence: number;
  customer: string | null;
  product: string | null;
  reason: string | null;
  before: Record<string, unknown> | null;
  /** For security events with `count`, how often it happened in this minute, and `lastAt`. */
  after: Record<string, unknown> | null;

  static of({
    id,
    type,
    at,
    actor,
    origin,
    subject,
    sequence,
    customer,
    product,
    reason,
    before,
    after,
  }: NamedAuditEntry): AuditEntryDto {
    return { id, type, at, actor, origin, subject, sequence, customer, product, reason, before, after };
  }
}

export class AuditPageDto {
  data: AuditEntryDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
