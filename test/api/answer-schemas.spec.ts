import { describe, expect, it } from '@jest/globals';
import Fastify from 'fastify';
import { AnswerSchemas } from '../../apps/api/src/http/routes/answer-schemas.js';

const DOCUMENT = {
  paths: {
    '/one': { get: answering({ $ref: '#/components/schemas/One' }) },
    '/either': {
      get: answering({ oneOf: [{ $ref: '#/components/schemas/One' }, { $ref: '#/components/schemas/Many' }] }),
    },
  },
  components: {
    schemas: {
      One: {
        type: 'object',
        required: ['name'],
        properties: {
          name: { type: 'string' },
          size: { type: ['integer', 'null'] },
          default: { type: 'string', default: 'none' },
          free: { type: 'object' },
        },
      },
      Many: {
        type: 'object',
        required: ['data'],
        properties: { data: { type: 'array', items: { $ref: '#/components/schemas/One' } } },
      },
    },
  },
};

function answering(schema: object): { responses: Record<string, unknown> } {
  return { responses: { '200': { content: { 'application/json': { schema } } } } };
}

/** The text of an answer to a request for the path. */
async function written(path: string, answer: object, verify = false): Promise<string | null> {
  const app = Fastify();
  const write = new AnswerSchemas(DOCUMENT, verify).serializerOf('GET', path, 200);
  app.get(path, (_, reply) => reply.send({ text: write(reply, answer) }));
  try {
    const response = await fetch((await app.listen({ port: 0, host: '127.0.0.1' })) + path);
    if (response.status !== 200) throw new Error(await response.text());
    return ((await response.json()) as { text: string | null }).text;
  } finally {
    await app.close();
  }
}

describe('an answer that is written by its schema', () => {
  it('has every declared member, and the members of free objects', async () => {
    const answer = { name: 'a "quoted" ü', size: null, free: { any: [1, { x: true }] } };
    expect(JSON.parse((await written('/one', answer))!)).toEqual(answer);
  });

  it('has no undeclared member, and no default in place of a missing one', async () => {
    expect(JSON.parse((await written('/one', { name: 'a', secret: 'hash' }))!)).toEqual({ name: 'a' });
  });

  it('is written by the form whose required members it has; by none without them', async () => {
    expect(JSON.parse((await written('/either', { data: [{ name: 'a' }] }))!)).toEqual({ data: [{ name: 'a' }] });
    expect(JSON.parse((await written('/either', { name: 'a' }))!)).toEqual({ name: 'a' });
    expect(await written('/either', { other: 1 })).toBeNull();
  });

  it('fails in tests when its schema leaves something out', async () => {
    await expect(written('/one', { name: 'a', secret: 'hash' }, true)).rejects.toThrow('its schema makes');
  });

  it('needs a documented answer', () => {
    expect(() => new AnswerSchemas(DOCUMENT).serializerOf('GET', '/one', 201)).toThrow(
      'The OpenAPI document has no answer 201 of GET /one.',
    );
  });
});
