import type { OpenAPIObject } from '@nestjs/swagger';
import {
  BODY_PROBLEMS,
  COMMON_PROBLEMS,
  PROBLEM_ANSWERS,
  type ProblemAnswer,
} from '../http/openapi/problem-answers.js';
import { mapOperations, mapped, type Operation } from './operations.js';

/** Meanings of success, where a route does not say more. */
const SUCCESS: Record<string, string> = {
  200: 'Success: the body has the result.',
  201: 'Created: the body has the new object.',
  202: 'Accepted: the work continues after this answer.',
  204: 'Done; the answer has no body.',
};

/**
 * Adds what applies to every operation: the errors that any route may answer, and an explicit empty `security` where
 * no credentials are needed. Each error is described once, in the components.
 */
export function withCommonAnswers(document: OpenAPIObject): OpenAPIObject {
  const { components } = document;
  const schemas = components?.schemas ?? {};
  return {
    ...mapOperations(document, withProblems),
    components: {
      ...components,
      // RFC 9457 allows further members, such as the `decision` of a plan limit.
      schemas: { ...schemas, ProblemDto: { ...schemas['ProblemDto'], additionalProperties: true } },
      responses: Object.fromEntries(Object.values(PROBLEM_ANSWERS).map((answer) => [answer.name, responseOf(answer)])),
    },
  };
}

function withProblems({ security = [], ...operation }: Operation): Operation {
  const { responses, requestBody } = operation;
  const statuses = [
    ...Object.keys(responses).filter((status) => PROBLEM_ANSWERS[Number(status)]),
    ...COMMON_PROBLEMS,
    ...(requestBody ? BODY_PROBLEMS : []),
  ];
  const problems = statuses.map((status) => [status, reference(PROBLEM_ANSWERS[Number(status)]!)] as const);
  const described = mapped(responses, (answer, status) => ({
    ...answer,
    description: answer.description || SUCCESS[status],
  }));
  return { ...operation, security, responses: { ...described, ...Object.fromEntries(problems) } };
}

const reference = ({ name }: ProblemAnswer): object => ({ $ref: `#/components/responses/${name}` });

const responseOf = ({ description, headers = {} }: ProblemAnswer) => ({
  description,
  headers: mapped(headers, (text) => ({ description: text, schema: { type: 'string' as const } })),
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDto' } } },
});
