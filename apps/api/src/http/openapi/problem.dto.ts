import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiExtraModels, ApiResponse, ApiSecurity } from '@nestjs/swagger';
import { PROBLEM_ANSWERS } from './problem-answers.js';

export class FieldErrorDto {
  /** Path of the field in the request. */
  field: string;
  message: string;
}

/** A problem as RFC 9457 defines it. */
export class ProblemDto {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  /** Stable identifier of the error, in snake_case. */
  code: string;
  requestId: string;
  errors?: FieldErrorDto[];
}

/**
 * Problems that a route may return, in addition to those of every route (see `problem-answers.ts`). The document refers
 * to one description of each status.
 */
export const ApiProblems = (...statuses: number[]) =>
  applyDecorators(
    ApiExtraModels(ProblemDto),
    ...statuses.map((status) => ApiResponse({ status, description: PROBLEM_ANSWERS[status]!.description })),
  );

/** The route requires an access token or an API key. */
export const ApiCredentials = () =>
  applyDecorators(ApiBearerAuth(), ApiSecurity('password'), ApiSecurity('apiKey'), ApiProblems(401, 403));

/** The route needs no credentials, but refuses invalid ones, and those of another product. */
export const ApiOptionalCredentials = () =>
  applyDecorators(
    ApiSecurity({}),
    ApiBearerAuth(),
    ApiSecurity('password'),
    ApiSecurity('apiKey'),
    ApiProblems(401, 403),
  );
