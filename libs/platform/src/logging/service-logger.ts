import type { LoggerService } from '@nestjs/common';
import { type Logger, pino, stdTimeFunctions } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from '../config/config.js';

/** Contexts of start-up messages of the framework, which are not logged. */
const FRAMEWORK_CONTEXTS = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);
/** Fields that are redacted, in case one is logged by mistake: no log line contains them. */
const SECRETS = [
  'password',
  'token',
  'accessToken',
  'refreshToken',
  'secret',
  'key',
  'authorization',
  'cookie',
  'headers',
  'body',
];
const REDACTED = [...SECRETS, ...SECRETS.map((name) => `*.${name}`)];

/**
 * Log of the service: JSON lines in production, readable text elsewhere. An object is logged with its fields.
 * @example logger.warn({ message: 'A query was slow', ms: 312 });
 */
export class ServiceLogger implements LoggerService {
  private readonly logger: Logger;

  constructor(config: Config, destination: NodeJS.WritableStream = process.stdout) {
    const options = {
      level: config.logLevel,
      base: { service: 'tollgate', pid: process.pid },
      messageKey: 'message',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level: string) => ({ level }) },
      redact: { paths: REDACTED, censor: '[redacted]' },
    };
    this.logger = config.production
      ? pino(options, destination)
      : pino(
          options,
          pretty({
            destination,
            sync: true,
            messageKey: 'message',
            ignore: 'pid,service',
            translateTime: 'SYS:HH:MM:ss.l',
            singleLine: true,
          }),
        );
  }

  log(message: unknown, ...rest: unknown[]): void {
    if (!FRAMEWORK_CONTEXTS.has(String(rest.at(-1)))) this.write('info', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  /** Nest passes the message, then the stack of an error, then the context. */
  private write(level: 'fatal' | 'error' | 'warn' | 'info' | 'debug', message: unknown, rest: unknown[]): void {
    const context = rest.at(-1);
    const stack = rest.length > 1 ? rest[0] : undefined;
    const fields =
      typeof message === 'object' && message !== null && !(message instanceof Error)
        ? message
        : { message: message instanceof Error ? (message.stack ?? message.message) : String(message) };
    this.logger[level]({ context, ...(stack === undefined ? {} : { stack }), ...fields });
  }
}
