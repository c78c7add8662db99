import { Controller, Get, Query, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { Pages } from '../http/pagination/pages.js';
import { AuditEntryDto, AuditExportQueryDto, AuditPageDto, AuditQueryDto } from './dto/audit.dto.js';
import { ReadAuditOperation } from './read-audit.operation.js';

const TYPES = { csv: 'text/csv', ndjson: 'application/x-ndjson' };
const RULE = { scope: 'audit:read', users: 'product_admin', support: 'reads' } as const;

@ApiTags('Audit')
@ApiCredentials()
@Controller('v1/audit-log')
export class AuditController {
  constructor(
    private readonly audit: ReadAuditOperation,
    private readonly pages: Pages,
  ) {}

  /**
   * Answers who changed what: actions of users and API keys with actor, address, request id, and the state before and
   * after. Changes that time caused are not in it; they are in the timeline of their subscription. Security
   * events are in it too (logins, failed logins, refusals, blocked webhook addresses): equal ones of one minute are one
   * entry, whose `after.count` may still grow within that minute. Errors: 404 `customer_not_found`; 403
   * `product_not_allowed`.
   */
  @Get()
  @Allow(RULE)
  @ApiOperation({
    operationId: 'listAuditLog',
    summary: 'List the audit log, newest first',
  })
  @ApiProblems(404)
  async list(@Query() query: AuditQueryDto, @CurrentPrincipal() principal: Principal): Promise<AuditPageDto> {
    const filter = await this.audit.filterOf(query, principal);
    const binding = { audit: filter, owner: actorOf(principal).id };
    return this.pages.answer(
      await this.audit.list(filter, this.pages.request(query, binding)),
      binding,
      AuditEntryDto.of,
    );
  }

  /**
   * Takes the filters of the list and streams all matching entries as one file, oldest pages included. In CSV, cells
   * that a spreadsheet would read as a formula are marked as text. Error: 404 `customer_not_found`.
   */
  @Get('export')
  @Allow(RULE)
  @ApiOperation({ operationId: 'exportAuditLog', summary: 'Export the audit log as CSV or NDJSON' })
  @ApiProduces(TYPES.csv, TYPES.ndjson)
  @ApiOkResponse({
    content: {
      [TYPES.csv]: { schema: { type: 'string' } },
      [TYPES.ndjson]: { schema: { type: 'string', description: 'Lines of entries of the audit log.' } },
    },
  })
  @ApiProblems(404)
  async export(@Query() query: AuditExportQueryDto, @CurrentPrincipal() principal: Principal): Promise<StreamableFile> {
    const { format = 'ndjson', ...asked } = query;
    const filter = await this.audit.filterOf(asked, principal);
    return new StreamableFile(this.audit.export(filter, format, principal), {
      type: TYPES[format],
      disposition: `attachment; filename="audit-log.${format}"`,
    });
  }
}
