import type { OpenAPIObject } from '@nestjs/swagger';
import { descriptionOf, type EventType, exampleOf, publicEventTypes } from '@app/events';

const MESSAGE = 'WebhookMessage';
const uuid = { type: 'string', format: 'uuid' };
const orNull = (schema: object): object => ({ anyOf: [schema, { type: 'null' }] });
const facts = orNull({ type: 'object', additionalProperties: true });

/** Body of every webhook and of every frame of the stream. */
const MESSAGE_SCHEMA = {
  type: 'object',
  required: ['type', 'timestamp', 'data'],
  properties: {
    type: { type: 'string' },
    timestamp: {
      type: 'string',
      format: 'date-time',
      description: 'Time of the event; for customers on a test clock, the time of that clock.',
    },
    data: {
      type: 'object',
      required: ['id', 'sequence', 'subject', 'version', 'customer', 'product', 'actor', 'reason', 'before', 'after'],
      properties: {
        id: { ...uuid, description: 'Equal to the header webhook-id.' },
        sequence: {
          type: 'integer',
          description: 'Position among the events of the subject, from 1. Use it to order late events.',
        },
        subject: { type: 'object', required: ['type', 'id'], properties: { type: { type: 'string' }, id: uuid } },
        version: {
          ...orNull({ type: 'integer' }),
          description: 'Version of the subject after the event, when it has versions.',
        },
        customer: { ...orNull({ type: 'string' }), description: 'Key; null when there is none.' },
        product: { ...orNull({ type: 'string' }), description: 'Key; null when there is none.' },
        actor: {
          type: 'object',
          required: ['kind', 'id'],
          properties: { kind: { type: 'string', enum: ['user', 'api_key', 'portal', 'system'] }, id: orNull(uuid) },
        },
        reason: orNull({ type: 'string' }),
        before: facts,
        after: facts,
      },
    },
  },
};

const header = (name: string, description: string): object => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' },
});
/** Standard Webhooks, "Webhook headers". */
const HEADERS = {
  WebhookId: header('webhook-id', 'The same for every attempt: process each id once.'),
  WebhookTimestamp: header(
    'webhook-timestamp',
    'Unix time of this attempt in seconds: reject attempts older than five minutes.',
  ),
  WebhookSignature: header(
    'webhook-signature',
    '`v1,` and the Base64 HMAC-SHA-256 of id, timestamp and body, joined by dots. Several, separated by spaces, while a secret is rotated.',
  ),
};
const ANSWERS = {
  WebhookTaken: {
    description:
      'Accepted. Any other status, or no response within 15 seconds, is retried, up to ten attempts in three days.',
  },
  WebhookGone: { description: 'Gone: the endpoint is disabled.' },
  WebhookLater: { description: 'Slow down: deliveries pause for `Retry-After`, as after 503.' },
};

const DESCRIPTION =
  'Sent to every endpoint that subscribes to this type, at least once. Verify the signature, store the event by its ' +
  '`webhook-id`, and answer 2xx before the work: an id that was processed before is a repetition.';

const answer = (name: keyof typeof ANSWERS): object => ({ $ref: `#/components/responses/${name}` });

/** Adds the event catalogue to the document as OpenAPI 3.1 webhooks. */
export function describeWebhooks(document: OpenAPIObject): OpenAPIObject {
  const webhooks = Object.fromEntries(publicEventTypes().map((type) => [type, { post: operationOf(type) }]));
  const { components } = document;
  const schemas = { ...components?.schemas, [MESSAGE]: MESSAGE_SCHEMA };
  return {
    ...document,
    components: {
      ...components,
      schemas,
      parameters: { ...components?.parameters, ...HEADERS },
      responses: { ...components?.responses, ...ANSWERS },
    },
    webhooks,
  } as OpenAPIObject;
}

function operationOf(type: EventType): object {
  const schema = {
    allOf: [
      { $ref: `#/components/schemas/${MESSAGE}` },
      { type: 'object', properties: { type: { type: 'string', const: type } } },
    ],
  };
  return {
    operationId: `on_${type.replace('.', '_')}`,
    summary: descriptionOf(type).summary,
    description: DESCRIPTION,
    tags: ['Webhooks'],
    // The receiver has no credentials of ours: it verifies the signature.
    security: [],
    parameters: Object.keys(HEADERS).map((name) => ({ $ref: `#/components/parameters/${name}` })),
    requestBody: { required: true, content: { 'application/json': { schema, example: exampleOf(type) } } },
    responses: { '2XX': answer('WebhookTaken'), 410: answer('WebhookGone'), 429: answer('WebhookLater') },
  };
}
