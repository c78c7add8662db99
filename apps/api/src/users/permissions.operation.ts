import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { UserPrincipal } from '@app/auth';
import { admissionTo, ruleOf } from '../http/access/admission.js';
import type { PermissionsDto } from './dto/permissions.dto.js';

/** The metadata of `@ApiOperation`. */
const API_OPERATION = 'swagger/apiOperation';

/** A route of this process, by the operationId of the OpenAPI document. */
interface Operation {
  id: string;
  handler: object;
}

/** Says which routes the access guard admits a user to, from the rules of the routes. */
@Injectable()
export class PermissionsOperation {
  private operations: Operation[] | null = null;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  of(principal: UserPrincipal): PermissionsDto {
    const { productKey } = principal.scope;
    const answer: PermissionsDto = {
      products: productKey === null ? null : [productKey],
      operations: [],
      ownOperations: [],
      reasonRequired: [],
    };
    this.operations ??= this.found();
    for (const { id, handler } of this.operations) {
      const admission = admissionTo(handler, principal);
      if (!admission) continue;
      const rule = ruleOf(handler);
      const isOwn =
        typeof rule === 'object' && rule.users === 'owner' && admission.caller.scope.filter.customerId !== null;
      answer[isOwn ? 'ownOperations' : 'operations'].push(id);
      if (admission.reasonOf) answer.reasonRequired.push(id);
    }
    return answer;
  }

  /** Every route of a controller that is in the OpenAPI document, in alphabetical order. */
  private found(): Operation[] {
    const operations: Operation[] = [];
    for (const { metatype } of this.discovery.getControllers()) {
      const prototype = (metatype as { prototype: Record<string, object> }).prototype;
      for (const name of this.scanner.getAllMethodNames(prototype)) {
        const handler = prototype[name]!;
        const described = Reflect.getMetadata(API_OPERATION, handler) as { operationId?: string } | undefined;
        if (described?.operationId) operations.push({ id: described.operationId, handler });
      }
    }
    return operations.sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}
