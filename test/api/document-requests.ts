import type { Call } from '../support/app.js';

/** A part of a JSON schema. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  example?: unknown;
  minimum?: number;
  minLength?: number;
  minItems?: number;
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
}

interface Operation {
  parameters?: { name: string; in: 'path' | 'query' | 'header'; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

export interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** A query parameter, or a field of a JSON body, of one route. */
export interface Place {
  /** Such as `GET /v1/plans/{key}`. */
  route: string;
  in: 'query' | 'body';
  /** Names from the outside to the inside; `0` is the first item of an array. */
  path: string[];
  schema: Schema;
}

/** Values of the path parameters of a route, and of body fields and query parameters by name. */
export interface KnownValues {
  inPath: (route: string, name: string) => string | undefined;
  byName: Record<string, unknown>;
}

type Members = Record<string, unknown>;

/** Requests that follow from the OpenAPI document alone: a new route or field needs no new test. */
export class DocumentRequests {
  constructor(
    private readonly document: Document,
    private readonly known: KnownValues,
  ) {}

  /** All routes, such as `GET /v1/plans/{key}`. */
  get routes(): string[] {
    return Object.entries(this.document.paths).flatMap(([at, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${at}`),
    );
  }

  /** Every query parameter and every body field of every route, at any depth. */
  get places(): Place[] {
    return this.routes.flatMap((route) => {
      const { parameters = [] } = this.operation(route);
      const query = parameters
        .filter((parameter) => parameter.in === 'query')
        .map(({ name, schema }): Place => ({ route, in: 'query', path: [name], schema: this.resolved(schema) }));
      return [...query, ...this.fieldsIn(route, this.bodySchema(route), [])];
    });
  }

  /** The names of the query parameters and body fields of a route, at the first level. */
  fieldsOf(route: string): string[] {
    const { parameters = [], requestBody } = this.operation(route);
    const bodies = Object.values(requestBody?.content ?? {}).map(({ schema }) => schema);
    return [
      ...parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name),
      ...bodies.flatMap((schema) => this.membersOf(schema)),
    ];
  }

  /** The documented statuses of a route. */
  statusesOf(route: string): string[] {
    return Object.keys(this.operation(route).responses);
  }

  /** The members of the documented answer with this status; of the alternatives all of theirs. */
  answerOf(route: string, status: number): string[] {
    const schema = this.operation(route).responses[status]?.content?.['application/json']?.schema;
    return schema ? this.membersOf(schema) : [];
  }

  /** The values that a field of a named schema may have. */
  valuesOf(name: string, field: string): unknown[] {
    const { enum: values, items } = this.resolved(this.document.components.schemas[name]!.properties![field]!);
    return [...(values ?? this.resolved(items!).enum!)];
  }

  /** A request with this value at this place, and a plausible value at every required place. */
  async send(call: Call, { route, path, ...place }: Place, value: unknown) {
    const { method, query, body } = this.sample(route);
    if (place.in === 'query') query.set(path[0]!, String(value));
    const at = this.pathOf(route) + (query.size > 0 ? `?${query}` : '');
    return call(method, at, { body: place.in === 'body' ? this.bodyWith(route, body, path, value) : body });
  }

  /** The path of the route with known values in place of its parameters. */
  pathOf(route: string): string {
    return route.split(' ')[1]!.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = this.known.inPath(route, name);
      if (value === undefined) throw new Error(`The test has no value for {${name}} of ${route}: add one.`);
      return encodeURIComponent(value);
    });
  }

  /** The required parts of a request. */
  sample(route: string): { method: string; query: URLSearchParams; body: unknown } {
    const { parameters = [] } = this.operation(route);
    const query = new URLSearchParams();
    for (const { name, in: where, required, schema } of parameters)
      if (where === 'query' && required) query.set(name, String(this.valueOf(schema, name)));
    const schema = this.bodySchema(route);
    return { method: route.split(' ')[0]!, query, body: schema && this.valueOf(schema, '') };
  }

  private operation(route: string): Operation {
    const [method, at] = route.split(' ') as [string, string];
    return this.document.paths[at]![method.toLowerCase()]!;
  }

  private bodySchema(route: string): Schema | undefined {
    return this.operation(route).requestBody?.content['application/json']?.schema;
  }

  private resolved(schema: Schema): Schema {
    const { $ref, allOf, ...rest } = schema;
    if ($ref) return this.resolved(this.document.components.schemas[$ref.split('/').at(-1)!]!);
    const [inner] = allOf ?? [];
    return inner ? { ...rest, ...this.resolved(inner) } : schema;
  }

  private membersOf(schema: Schema): string[] {
    const { properties = {}, oneOf = [], anyOf = [] } = this.resolved(schema);
    return [...Object.keys(properties), ...[...oneOf, ...anyOf].flatMap((one) => this.membersOf(one))];
  }

  private fieldsIn(route: string, schema: Schema | undefined, path: string[]): Place[] {
    if (!schema) return [];
    const { properties = {}, items, oneOf = [] } = this.resolved(schema);
    const inner = [
      ...Object.entries(properties),
      ...(items ? [['0', items] as [string, Schema]] : []),
      ...oneOf.flatMap((one) => Object.entries(this.resolved(one).properties ?? {})),
    ];
    return inner.flatMap(([name, member]) => [
      { route, in: 'body', path: [...path, name], schema: this.resolved(member) },
      ...this.fieldsIn(route, member, [...path, name]),
    ]);
  }

  private valueOf(schema: Schema, name: string): unknown {
    const known = this.known.byName[name];
    const { type, format, enum: values, oneOf, anyOf, minimum, items, example, ...rest } = this.resolved(schema);
    if (known !== undefined && type !== 'object' && !rest.properties) return known;
    if (example !== undefined) return example;
    if (values) return values[0];
    const alternative = (oneOf ?? anyOf)?.[0];
    if (alternative) return this.valueOf(alternative, name);
    if (format === 'date-time') return '2026-03-08T02:30:00Z';
    if (type === 'array') return [this.valueOf(items!, name)];
    if (type === 'integer' || type === 'number') return minimum ?? 1;
    if (type === 'boolean') return true;
    if (type === 'object' || rest.properties) {
      const required = Object.entries(rest.properties ?? {}).filter(([member]) => rest.required?.includes(member));
      return Object.fromEntries(required.map(([member, inner]) => [member, this.valueOf(inner, member)]));
    }
    return 'text';
  }

  /** The body with this value at this path; the objects and arrays on the path are added. */
  private bodyWith(route: string, body: unknown, path: string[], value: unknown): unknown {
    let at = structuredClone(body) as Members;
    const whole = at;
    let schema = this.resolved(this.bodySchema(route)!);
    for (const name of path.slice(0, -1)) {
      const next = this.memberOf(schema, name);
      // A known value of this name may belong to a field that is no object.
      if (typeof at[name] !== 'object' || at[name] === null) at[name] = this.valueOf(next, '');
      [at, schema] = [at[name] as Members, next];
    }
    at[path.at(-1)!] = value;
    return whole;
  }

  private memberOf({ properties, items, oneOf }: Schema, name: string): Schema {
    const found =
      properties?.[name] ?? items ?? oneOf?.map((one) => this.resolved(one).properties?.[name]).find(Boolean);
    return this.resolved(found!);
  }
}
