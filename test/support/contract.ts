import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterAll, afterEach } from '@jest/globals';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/**
 * Validates answers against the OpenAPI document of the build. With ajv alone: the schemas of OpenAPI 3.1 are JSON
 * Schema 2020-12, which ajv validates, and the published response validators know OpenAPI 3.0 only.
 */
const FILE = path.resolve(import.meta.dirname, '../../dist/openapi.json');
const PROBLEM = 'application/problem+json';
const addFormats = formats as unknown as (ajv: Ajv2020) => void;

type Schema = Record<string, unknown>;
interface Answer {
  $ref?: string;
  content?: Record<string, { schema: Schema }>;
}
export interface Document {
  paths: Record<string, Record<string, { responses: Record<string, Answer> }>>;
  components: { schemas: Record<string, Schema>; responses: Record<string, Answer> };
}

/** An answer as a test received it. `body` is the text, or null for a stream that was not read. */
export interface ReceivedAnswer {
  method: string;
  /** Path and query. */
  at: string;
  status: number;
  contentType: string | null;
  body: string | null;
}

/**
 * @throws Error when the document does not have the status, the content type or the body of this answer, or when a path
 * outside of the document answers with success
 */
export function assertDocumented(answer: ReceivedAnswer): void {
  const { method, at, status, contentType, body } = answer;
  const [pathname = '', query = ''] = at.split('?');
  const type = contentType?.split(';')[0] ?? null;
  const refuse = (why: string): never => {
    throw new Error(`${method} ${at} answered ${status} ${type ?? 'without a body'}: ${why}\n${body?.slice(0, 2_000)}`);
  };
  const operation = contract().find(method, pathname);
  if (!operation) {
    if (pathname.startsWith('/v1/') && status < 400) refuse('the OpenAPI document has no such path and method');
    if (type === PROBLEM) check(answer, contract().problem, false, refuse);
    return;
  }
  const documented = contract().resolve(operation.responses[String(status)]);
  if (!documented) return void refuse('the OpenAPI document does not have this status');
  if (type === null || body === '') {
    // Without rows, one JSON object per line is no line.
    if (documented.content && method !== 'HEAD' && type !== 'application/x-ndjson')
      refuse('the OpenAPI document has a body');
    return;
  }
  const schema = documented.content?.[type]?.schema;
  if (!schema) return void refuse('the OpenAPI document does not have this content type');
  if (/[/+]json$/.test(type)) check(answer, schema, /(^|&)fields=/.test(query) && status < 300, refuse);
}

/**
 * Answers that wait for their validation until the end of the test: the compilation of a validator amid concurrent
 * requests would delay them until they time out.
 */
const received: ReceivedAnswer[] = [];
export const validateLater = (answer: ReceivedAnswer): void => void received.push(answer);
export const validateReceived = (): void => received.splice(0).forEach(assertDocumented);
afterEach(validateReceived);
afterAll(validateReceived);

/**
 * `fetch`, whose answers must be in the document, or the test fails at its end. The body of an event stream is not
 * read, because it never ends.
 */
export const documentedFetch: typeof fetch = async (input, init) => {
  const { method, url } = input instanceof Request ? input : { method: init?.method ?? 'GET', url: String(input) };
  const response = await fetch(input, init);
  const contentType = response.headers.get('content-type');
  const body = contentType === 'text/event-stream' ? null : await response.clone().text();
  const { pathname, search } = new URL(url);
  validateLater({ method, at: pathname + search, status: response.status, contentType, body });
  return response;
};

function check({ body }: ReceivedAnswer, schema: Schema, sparse: boolean, refuse: (why: string) => never): void {
  if (body === null || body === '') return;
  const validate = contract().validator(schema, sparse);
  if (validate(JSON.parse(body))) return;
  const [{ instancePath, message, params }] = validate.errors as [NonNullable<ValidateFunction['errors']>[number]];
  refuse(`${instancePath || 'the body'} ${message} (${JSON.stringify(params)})`);
}

/** The OpenAPI document of the build. */
export const documentOfBuild = (): Document => (document ??= JSON.parse(fs.readFileSync(FILE, 'utf8')) as Document);
let document: Document | undefined;

let loaded: Contract | undefined;
const contract = (): Contract => (loaded ??= new Contract(documentOfBuild()));

class Contract {
  readonly problem: Schema = { $ref: '#/components/schemas/ProblemDto' };
  private readonly routes: { pattern: RegExp; methods: Document['paths'][string] }[];
  private readonly full: Validators;
  private sparse: Validators | undefined;

  constructor(private readonly document: Document) {
    // Fixed paths first: /v1/users/me is not an account with the id `me`.
    this.routes = Object.entries(document.paths)
      .sort(([one], [other]) => parametersIn(one) - parametersIn(other))
      .map(([template, methods]) => ({ pattern: new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`), methods }));
    this.full = new Validators(document.components.schemas, true);
  }

  find(method: string, pathname: string): { responses: Record<string, Answer> } | undefined {
    const name = method === 'HEAD' ? 'get' : method.toLowerCase();
    return this.routes.find(({ pattern, methods }) => methods[name] && pattern.test(pathname))?.methods[name];
  }

  resolve(answer: Answer | undefined): Answer | undefined {
    return answer?.$ref ? this.document.components.responses[answer.$ref.split('/').at(-1)!] : answer;
  }

  /** `sparse`: for answers to `?fields=`, in which any member may be missing. */
  validator(schema: Schema, sparse: boolean): ValidateFunction {
    if (!sparse) return this.full.of(schema);
    this.sparse ??= new Validators(this.document.components.schemas, false);
    return this.sparse.of(schema);
  }
}

/** Validators of schemas of the document, each compiled at its first use. */
class Validators {
  // Without the meta-schemas, whose compilation takes half of the time: the lint validates the document.
  private readonly ajv = new Ajv2020({ strict: false, meta: false, validateSchema: false });
  private readonly compiled = new Map<Schema, ValidateFunction>();

  constructor(
    schemas: Record<string, Schema>,
    private readonly complete: boolean,
  ) {
    addFormats(this.ajv);
    this.ajv.addSchema({ $id: 'openapi', components: { schemas: closed(schemas, complete) } });
  }

  of(schema: Schema): ValidateFunction {
    let validate = this.compiled.get(schema);
    if (!validate) {
      validate = this.ajv.compile(pointed(closed(schema, this.complete)) as Schema);
      this.compiled.set(schema, validate);
    }
    return validate;
  }
}

const parametersIn = (template: string): number => template.split('{').length;

/** References into the document instead of into the schema itself. */
function pointed(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/'));
}

/** A copy in which an object has no members but the documented ones, and, if not `complete`, may miss any of them. */
function closed(schema: unknown, complete: boolean): unknown {
  if (Array.isArray(schema)) return schema.map((one) => closed(one, complete));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { required, ...members } = Object.fromEntries(
    Object.entries(schema).map(([name, member]) => [name, name === 'example' ? member : closed(member, complete)]),
  );
  const isObject = typeof members['properties'] === 'object' && !Array.isArray(members['properties']);
  return {
    ...members,
    ...(required !== undefined && (complete || !Array.isArray(required)) ? { required } : {}),
    ...(isObject && members['additionalProperties'] === undefined ? { additionalProperties: false } : {}),
  };
}
