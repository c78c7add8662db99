import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiExtraModels, ApiResponse, ApiSecurity, getSchemaPath } from '@nestjs/swagger';

export class FieldErrorDto {
  /** Path of the field in the request. */
  field: string;
  message: string;
}

/** RFC 9457. */
export class ProblemDto {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  /** snake_case, never renamed. */
  code: string;
  requestId: string;
  errors?: FieldErrorDto[];
}

const MEANINGS: Record<number, string> = {
  400: 'Malformed',
  401: 'No or bad credentials',
  403: 'Not allowed',
  404: 'Not there, or not yours',
  409: 'In conflict with the state',
  412: 'Stale If-Match',
  415: 'Not JSON',
  422: 'Invalid fields',
  429: 'Too many requests, or a limit of the plan',
  503: 'Try again later',
};

/** The refusals that a route may answer with, beside those that every route has. */
export const ApiProblems = (...statuses: number[]) =>
  applyDecorators(
    ApiExtraModels(ProblemDto),
    ...[...new Set([...statuses, 422, 429, 503])].map((status) =>
      ApiResponse({
        status,
        description: MEANINGS[status]!,
        content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) } } },
      }),
    ),
  );

/** The route wants an access token or an API key. */
export const ApiCredentials = () =>
  applyDecorators(ApiBearerAuth(), ApiSecurity('password'), ApiSecurity('apiKey'), ApiProblems(401, 403));
