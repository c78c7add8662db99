import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiExtraModels, ApiResponse, ApiSecurity, getSchemaPath } from '@nestjs/swagger';

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

const MEANINGS: Record<number, string> = {
  400: 'Malformed request',
  401: 'Missing or invalid credentials',
  403: 'Not allowed',
  404: 'Does not exist, or belongs to another',
  409: 'Conflicts with the current state',
  412: 'If-Match does not match the current version',
  415: 'Unsupported media type',
  422: 'Invalid fields',
  429: 'Rate limit or plan limit reached',
  503: 'Temporarily unavailable',
};

/** Problems that a route may return, in addition to those of every route. */
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

/** The route requires an access token or an API key. */
export const ApiCredentials = () =>
  applyDecorators(ApiBearerAuth(), ApiSecurity('password'), ApiSecurity('apiKey'), ApiProblems(401, 403));
