import { Injectable, type PipeTransform, RequestMethod, StreamableFile, type Type } from '@nestjs/common';
import {
  CUSTOM_ROUTE_ARGS_METADATA,
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  HEADERS_METADATA,
  HTTP_CODE_METADATA,
  INTERCEPTORS_METADATA,
  METHOD_METADATA,
  PATH_METADATA,
  PIPES_METADATA,
  REDIRECT_METADATA,
  RENDER_METADATA,
  RESPONSE_PASSTHROUGH_METADATA,
  ROUTE_ARGS_METADATA,
  RouteParamtypes,
  SSE_METADATA,
} from '@nestjs/common/internal';
import { DiscoveryService, HttpAdapterHost, MetadataScanner, ModuleRef } from '@nestjs/core';
import type { FastifyReply, RouteOptions } from 'fastify';
import { AccessGuard } from '../access/access.guard.js';
import { OwnerGuard } from '../access/owner.guard.js';
import { checkText } from '../input/input-check.js';
import { InputPipe } from '../input/input.pipe.js';
import { pickFields } from '../pagination/fields.js';
import { ProblemFilter } from '../problems/problem.filter.js';
import { ThrottlingGuard } from '../throttling/throttling.guard.js';
import { AnswersOfTurn } from './answers-of-turn.js';
import type { AnswerSchemas } from './answer-schemas.js';
import {
  type Around,
  BY_SCHEMA,
  type CompilableGuard,
  type CompilableInterceptor,
  JSON_TYPE,
  READ_PARAM,
  type RouteRequest,
  type RouteTarget,
  type Step,
} from './route.js';

type Read = (request: RouteRequest, reply: FastifyReply) => unknown;
type Handler = (request: RouteRequest, reply: FastifyReply) => void;
type Members = Record<string, unknown>;
type Sender = (request: RouteRequest, reply: FastifyReply, answer: unknown) => void;

/** A route whose answers are written by a schema, and its serializer once the OpenAPI document is known. */
interface Writer {
  method: string;
  url: string;
  status: number;
  write?: ReturnType<AnswerSchemas['serializerOf']>;
}

/** One parameter of a handler, as Nest's decorators describe it. */
interface ParameterMetadata {
  index: number;
  data?: unknown;
  pipes: (PipeTransform | Type<PipeTransform>)[];
  factory?: unknown;
}

/** The guards of every route, in order: the module registers them from this list, so that both ways run the same. */
export const GLOBAL_GUARDS = [AccessGuard, ThrottlingGuard, OwnerGuard];
/** Parameters that go through the pipes. */
const PIPED: Partial<Record<RouteParamtypes, 'body' | 'query' | 'param'>> = {
  [RouteParamtypes.BODY]: 'body',
  [RouteParamtypes.QUERY]: 'query',
  [RouteParamtypes.PARAM]: 'param',
};
/** Decorators whose effect a compiled route does not have. */
const UNKNOWN = [EXCEPTION_FILTERS_METADATA, PIPES_METADATA, REDIRECT_METADATA, RENDER_METADATA, SSE_METADATA] as const;

/**
 * Compiles each route once, at the start: what its decorators require becomes one list of functions, without Nest's
 * context objects, observables and promises where nothing waits. Measured in `bench/README.md`.
 *
 * Guards, pipes, interceptors and the filter are the same objects that Nest runs. A decorator that is not known here
 * fails the start, so that no route loses a guard.
 */
@Injectable()
export class RouteCompiler {
  private readonly turn = new AnswersOfTurn();
  private readonly writers = new Map<RouteTarget['handler'], Writer>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly modules: ModuleRef,
    private readonly adapters: HttpAdapterHost,
    private readonly input: InputPipe,
    private readonly filter: ProblemFilter,
  ) {}

  /**
   * A hook of Fastify for new routes: replaces the handlers of controllers by compiled ones.
   * @throws Error when a route uses a decorator that cannot be compiled
   */
  hook(): (route: RouteOptions) => void {
    const compiled = this.compileAll();
    return (route) => {
      // Fastify adds a HEAD route to each GET route.
      const method = route.method === 'HEAD' ? 'GET' : String(route.method);
      const handler = compiled.get(`${method} ${route.url}`);
      if (handler) route.handler = handler as RouteOptions['handler'];
    };
  }

  /** Lets the routes with `@AnsweredBySchema()` write their answers by these schemas. */
  useSchemas(schemas: AnswerSchemas): void {
    for (const writer of this.writers.values()) {
      const path = writer.url.replace(/:(\w+)/g, '{$1}');
      writer.write = schemas.serializerOf(writer.method, path, writer.status);
    }
  }

  /** The compiled handlers, by method and path. */
  private compileAll(): Map<string, Handler> {
    const compiled = new Map<string, Handler>();
    for (const { instance, metatype } of this.discovery.getControllers()) {
      const controller = metatype as Type;
      const prototype = controller.prototype as Record<string, RouteTarget['handler']>;
      for (const name of this.scanner.getAllMethodNames(prototype)) {
        const handler = prototype[name]!;
        const path = Reflect.getMetadata(PATH_METADATA, handler) as string | undefined;
        if (path === undefined) continue;
        const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod];
        const prefix = Reflect.getMetadata(PATH_METADATA, controller) as string;
        const url = joined(prefix, path);
        if (Reflect.getMetadata(BY_SCHEMA, handler) === true)
          this.writers.set(handler, { method, url, status: this.statusOf(handler) });
        compiled.set(`${method} ${url}`, this.compile({ handler, controller }, name, instance as object));
      }
    }
    return compiled;
  }

  private compile(target: RouteTarget, name: string, instance: object): Handler {
    const { handler, controller } = target;
    const unknown = UNKNOWN.find((key) => isUsed(key, target));
    if (unknown) throw new Error(`${controller.name}.${name} cannot be compiled: it uses ${unknown}.`);
    const steps = this.stepsOf(target, name);
    const status = this.statusOf(handler);
    const headers = (Reflect.getMetadata(HEADERS_METADATA, handler) ?? []) as { name: string; value: string }[];
    const invoke = this.invocationOf(target, name, instance);
    const wrapped = this.aroundsOf(target, name).reduceRight<(request: RouteRequest, reply: FastifyReply) => unknown>(
      (next, around) => (request, reply) => around(request, reply, () => next(request, reply)),
      invoke,
    );
    const answer = (request: RouteRequest, reply: FastifyReply): unknown => {
      reply.statusCode = status;
      for (const header of headers) void reply.header(header.name, header.value);
      return wrapped(request, reply);
    };
    const send = this.senderOf(target, status);
    const run = (request: RouteRequest, reply: FastifyReply, from: number): unknown => {
      for (let index = from; index < steps.length; index++) {
        const waits = steps[index]!(request, reply);
        if (waits) return waits.then(() => run(request, reply, index + 1));
      }
      return answer(request, reply);
    };
    const finish = (request: RouteRequest, reply: FastifyReply, result: unknown): void => {
      try {
        send(request, reply, result);
      } catch (error) {
        this.filter.answer(error, request, reply);
      }
    };
    return (request, reply) => {
      if (hasEmptyParameter(request.params as Members)) return void reply.callNotFound();
      let result: unknown;
      try {
        checkText(request);
        result = run(request, reply, 0);
      } catch (error) {
        return this.filter.answer(error, request, reply);
      }
      if (!(result instanceof Promise)) return this.turn.add(() => finish(request, reply, result));
      result.then(
        (value) => finish(request, reply, value),
        (error: unknown) => this.filter.answer(error, request, reply),
      );
    };
  }

  private stepsOf(target: RouteTarget, name: string): Step[] {
    const guards = [
      ...GLOBAL_GUARDS.map((type) => this.modules.get<CompilableGuard>(type, { strict: false })),
      ...this.partsOf<CompilableGuard>(GUARDS_METADATA, target, name),
    ];
    return guards.map((guard) => guard.compile(target)).filter((step) => step !== null);
  }

  private aroundsOf(target: RouteTarget, name: string): Around[] {
    return this.partsOf<CompilableInterceptor>(INTERCEPTORS_METADATA, target, name).map((part) => part.compile(target));
  }

  /** The guards or interceptors of a controller and its handler, in Nest's order. */
  private partsOf<Part extends { compile: unknown }>(
    key: string,
    { handler, controller }: RouteTarget,
    name: string,
  ): Part[] {
    const types = [controller, handler].flatMap((owner) => (Reflect.getMetadata(key, owner) ?? []) as Type<Part>[]);
    return types.map((type) => {
      const part = this.modules.get<Part>(type, { strict: false });
      if (typeof part.compile !== 'function')
        throw new Error(`${controller.name}.${name} cannot be compiled: ${type.name} has no method compile.`);
      return part;
    });
  }

  private statusOf(handler: RouteTarget['handler']): number {
    const set = Reflect.getMetadata(HTTP_CODE_METADATA, handler) as number | undefined;
    return set ?? (Reflect.getMetadata(METHOD_METADATA, handler) === RequestMethod.POST ? 201 : 200);
  }

  /** Reads the parameters and calls the handler. */
  private invocationOf(
    target: RouteTarget,
    name: string,
    instance: object,
  ): (request: RouteRequest, reply: FastifyReply) => unknown {
    const readers = this.readersOf(target, name);
    const handler = target.handler as (...args: unknown[]) => unknown;
    return (request, reply) => {
      const args = new Array<unknown>(readers.length);
      let waiting: Promise<void>[] | null = null;
      for (let index = 0; index < readers.length; index++) {
        const value = valueOf(readers[index]!, request, reply);
        if (value instanceof Promise) (waiting ??= []).push(value.then((settled) => void (args[index] = settled)));
        else args[index] = value;
      }
      return waiting ? Promise.all(waiting).then(() => handler.apply(instance, args)) : handler.apply(instance, args);
    };
  }

  private readersOf({ controller }: RouteTarget, name: string): Read[] {
    const metadata = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<
      string,
      ParameterMetadata
    >;
    const types = (Reflect.getMetadata('design:paramtypes', controller.prototype as object, name) ?? []) as Type[];
    const passesThrough = Reflect.getMetadata(RESPONSE_PASSTHROUGH_METADATA, controller, name) === true;
    const readers: Read[] = [];
    for (const [key, parameter] of Object.entries(metadata)) {
      const reader = this.readerOf(key, parameter, types[parameter.index], passesThrough);
      if (!reader)
        throw new Error(`${controller.name}.${name} cannot be compiled: its parameter ${parameter.index} is unknown.`);
      readers[parameter.index] = reader;
    }
    return Array.from(readers, (reader) => reader ?? (() => undefined));
  }

  private readerOf(
    key: string,
    { data, pipes, factory }: ParameterMetadata,
    metatype: Type | undefined,
    passesThrough: boolean,
  ): Read | null {
    if (key.includes(CUSTOM_ROUTE_ARGS_METADATA)) return factory === READ_PARAM ? (data as Read) : null;
    const type = Number(key.split(':')[0]) as RouteParamtypes;
    const piped = PIPED[type];
    if (piped) {
      const read = memberOf((request) => request[piped === 'param' ? 'params' : piped], data);
      const all = [
        this.input,
        ...pipes.map((pipe) => (typeof pipe === 'function' ? this.modules.get(pipe, { strict: false }) : pipe)),
      ];
      const given = { type: piped, metatype, data: data as string | undefined };
      return (request) => all.reduce<unknown>((value, pipe) => through(pipe, value, given), read(request));
    }
    if (type === RouteParamtypes.REQUEST) return (request) => request;
    if (type === RouteParamtypes.RESPONSE && passesThrough) return (_, reply) => reply;
    if (type === RouteParamtypes.HEADERS && typeof data === 'string')
      return memberOf((request) => request.headers, data.toLowerCase());
    return null;
  }

  /** Sends answers: by the serializer of the route where it has one, and the answer is the documented one. */
  private senderOf(target: RouteTarget, status: number): Sender {
    const writer = this.writers.get(target.handler);
    return (request, reply, answer) => {
      if (reply.sent) return;
      if (answer instanceof StreamableFile) return void this.adapters.httpAdapter.reply(reply, answer);
      const isWhole =
        writer?.write && reply.statusCode === status && (request.query as Members)['fields'] === undefined;
      const text = isWhole ? writer.write!(reply, answer as object) : null;
      if (text === null) void reply.send(pickFields(request, reply, answer));
      else void reply.header('content-type', JSON_TYPE).send(text);
    };
  }
}

/** A parameter's value; a reader that throws gives a rejected promise, so that every parameter is read as Nest does. */
function valueOf(read: Read, request: RouteRequest, reply: FastifyReply): unknown {
  try {
    return read(request, reply);
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }
}

const through = (pipe: PipeTransform, value: unknown, given: Parameters<PipeTransform['transform']>[1]): unknown =>
  value instanceof Promise
    ? value.then((settled) => pipe.transform(settled, given) as unknown)
    : pipe.transform(value, given);

const memberOf = (source: (request: RouteRequest) => unknown, member: unknown): ((request: RouteRequest) => unknown) =>
  typeof member === 'string' ? (request) => (source(request) as Members | undefined)?.[member] : source;

const isUsed = (key: string, { handler, controller }: RouteTarget): boolean =>
  Reflect.getMetadata(key, handler) !== undefined || Reflect.getMetadata(key, controller) !== undefined;

/** A path of a controller and one of its handlers, as Fastify has it. */
const joined = (...parts: string[]): string =>
  `/${parts
    .flatMap((part) => part.split('/'))
    .filter((part) => part !== '')
    .join('/')}`;

/** No segment of a path may be empty: `/v1/customers//usage` is no route. */
function hasEmptyParameter(params: Members): boolean {
  for (const name in params) if (params[name] === '' && name !== '*') return true;
  return false;
}
