import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from '@jest/globals';

interface Schema {
  $ref?: string;
  description?: string;
  example?: unknown;
  examples?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
}

interface Parameter {
  name: string;
  in: string;
  description?: string;
  example?: unknown;
  schema?: Schema;
}

interface Operation {
  summary?: string;
  description?: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** The document of the build; the setup of the tests writes it. */
const read = (): Document =>
  JSON.parse(fs.readFileSync(path.resolve(import.meta.dirname, '../../dist/openapi.json'), 'utf8')) as Document;

/** Shorter texts say no more than the name of the field. */
const SHORTEST = 12;
const hasText = (text: string | undefined): boolean => (text ?? '').length >= SHORTEST;
const hasExample = ({ example, examples = [] }: Schema): boolean => example !== undefined || examples.length > 0;

/** Texts and examples that an operation, its parameters and the fields of its request miss. */
function gapsOf(document: Document): string[] {
  return Object.entries(document.paths).flatMap(([at, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => {
      const { summary, description, parameters = [], requestBody } = operation;
      const own = hasText(description) && description !== summary ? [] : ['description'];
      const fields = Object.values(requestBody?.content ?? {}).flatMap(({ schema }) => fieldGaps(document, schema, ''));
      return [...own, ...parameters.flatMap(parameterGaps), ...fields].map((gap) => `${method} ${at}: ${gap}`);
    }),
  );
}

function parameterGaps({ name, in: place, description, example, schema = {} }: Parameter): string[] {
  return [
    ...(hasText(description) ? [] : [`description of ${place} parameter ${name}`]),
    ...(example !== undefined || hasExample(schema) ? [] : [`example of ${place} parameter ${name}`]),
  ];
}

/** An object needs no example: its fields have theirs. */
function fieldGaps(document: Document, schema: Schema, at: string): string[] {
  return Object.entries(propertiesOf(document, schema)).flatMap(([name, field]) => {
    const named = at === '' ? name : `${at}.${name}`;
    const inner = field.items ?? field;
    const isObject = Object.keys(propertiesOf(document, inner)).length > 0;
    return [
      ...(hasText(field.description) ? [] : [`description of field ${named}`]),
      ...(isObject || hasExample(field) ? [] : [`example of field ${named}`]),
      ...(isObject ? fieldGaps(document, inner, named) : []),
    ];
  });
}

function propertiesOf(document: Document, schema: Schema): Record<string, Schema> {
  const { $ref, properties = {}, allOf = [], anyOf = [] } = schema;
  const target = $ref ? propertiesOf(document, document.components.schemas[$ref.split('/').at(-1)!]!) : {};
  return Object.assign({}, target, properties, ...[...allOf, ...anyOf].map((one) => propertiesOf(document, one)));
}

describe('the texts of the OpenAPI document', () => {
  it('describe every operation, and every parameter and request field with an example', () => {
    expect(gapsOf(read())).toEqual([]);
  });

  it.each<[string, (document: Document) => void]>([
    ['put /v1/customers/{customer}: description', ({ paths }) => delete operation(paths).description],
    ['put /v1/customers/{customer}: description', ({ paths }) => (operation(paths).description = 'Puts.')],
    [
      'put /v1/customers/{customer}: description of path parameter customer',
      ({ paths }) => delete operation(paths).parameters![0]!.description,
    ],
    [
      'put /v1/customers/{customer}: example of path parameter customer',
      ({ paths }) => delete operation(paths).parameters![0]!.example,
    ],
    [
      'put /v1/customers/{customer}: description of field region',
      ({ components }) => delete components.schemas['PutCustomerDto']!.properties!['region']!.description,
    ],
    [
      'post /v1/usage/events: example of field events.quantity',
      ({ components }) => delete components.schemas['UsageEventDto']!.properties!['quantity']!.example,
    ],
  ])('a document without %s is refused', (gap, breach) => {
    const document = read();
    breach(document);
    expect(gapsOf(document)).toContain(gap);
  });
});

const operation = (paths: Document['paths']): Operation => paths['/v1/customers/{customer}']!['put']!;
