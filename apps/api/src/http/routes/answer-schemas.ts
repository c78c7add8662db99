import { isDeepStrictEqual } from 'node:util';
import type { FastifyReply } from 'fastify';

type Schema = Record<string, unknown>;
type Serialize = (answer: object) => string;

/** The parts of an OpenAPI document that say what routes answer. */
export interface AnswerDocument {
  paths: Record<string, Record<string, { responses?: Record<string, unknown> }>>;
  components?: { schemas?: Record<string, unknown> };
}

/** One schema of an answer, compiled when a route first needs it. */
interface Form {
  schema: Schema;
  /** Members that only answers of this form all have. */
  required: string[];
  serialize?: Serialize;
}

/**
 * Writes answers by serializers that Fastify compiles from the schemas of the OpenAPI document. They take half the time
 * of JSON.stringify for a decision, and write no member that the document does not have.
 */
export class AnswerSchemas {
  /**
   * @param verify true in tests: an answer that the schema changes or cuts is an error. Elsewhere an undeclared member
   * is left out.
   */
  constructor(
    private readonly document: AnswerDocument,
    private readonly verify = false,
  ) {}

  /** @returns a function that gives the text of an answer; null where it has none of the documented forms */
  serializerOf(method: string, path: string, status: number): (reply: FastifyReply, answer: object) => string | null {
    const forms = this.formsOf(method, path, status);
    // The function must not hold the document.
    const { verify } = this;
    return (reply, answer) => {
      const form = forms.find(({ required }) => required.every((name) => name in answer));
      if (!form) return null;
      form.serialize ??= reply.compileSerializationSchema(form.schema) as Serialize;
      const text = form.serialize(answer);
      if (verify) assertSame(text, answer, `${method} ${path}`);
      return text;
    };
  }

  /** @throws Error when the document has no JSON answer of this route */
  private formsOf(method: string, path: string, status: number): Form[] {
    const operation = this.document.paths[path]?.[method.toLowerCase()];
    const answer = operation?.responses?.[String(status)] as
      { content?: Record<string, { schema?: Schema }> } | undefined;
    const schema = answer?.content?.['application/json']?.schema;
    if (!schema) throw new Error(`The OpenAPI document has no answer ${status} of ${method} ${path}.`);
    const forms = (schema['oneOf'] ?? [schema]) as Schema[];
    return forms.map((form) => ({ schema: this.withReferences(form), required: this.requiredOf(form) }));
  }

  private requiredOf(schema: Schema): string[] {
    const resolved = typeof schema['$ref'] === 'string' ? this.schemas[nameOf(schema['$ref'])] : schema;
    return (resolved?.['required'] ?? []) as string[];
  }

  /** A schema with the schemas that it refers to, and no others: each costs time to compile. */
  private withReferences(schema: Schema): Schema {
    const schemas: Record<string, Schema> = {};
    const collect = (part: Schema): void => {
      for (const [, name] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
        if (name! in schemas) continue;
        schemas[name!] = open(this.schemas[name!]) as Schema;
        collect(schemas[name!]!);
      }
    };
    collect(schema);
    return { ...schema, components: { schemas } };
  }

  private get schemas(): Record<string, Schema> {
    return (this.document.components?.schemas ?? {}) as Record<string, Schema>;
  }
}

const nameOf = (reference: string): string => reference.split('/').at(-1)!;

/** A serializer would write the default of a member that an answer leaves out; the others only describe. */
const LEFT_OUT = new Set(['default', 'example', 'description']);

/**
 * The schema as a serializer needs it. An object without declared members may have any: the serializer would leave all
 * of them out.
 */
function open(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(open);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy: Schema = {};
  for (const [name, member] of Object.entries(schema)) {
    if (name === 'properties') copy[name] = mapped(member as Schema);
    else if (!LEFT_OUT.has(name)) copy[name] = open(member);
  }
  const isFree = copy['type'] === 'object' && copy['properties'] === undefined;
  return isFree && copy['additionalProperties'] === undefined ? { ...copy, additionalProperties: true } : copy;
}

const mapped = (properties: Schema): Schema =>
  Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, open(schema)]));

function assertSame(text: string, answer: object, route: string): void {
  const plain = JSON.stringify(answer);
  if (!isDeepStrictEqual(JSON.parse(text), JSON.parse(plain)))
    throw new Error(`${route} answers ${plain}, and its schema makes ${text} of it.`);
}
