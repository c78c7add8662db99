import { type ExecutionContext, Injectable } from '@nestjs/common';
import ipaddr from 'ipaddr.js';
import { DomainError } from '@app/kernel';
import { type CompilableGuard, runGuard, type Step } from '../http/routes/route.js';

const LOCAL_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * Mails contain login tokens: only requests from this machine with a local Host header are served (no DNS rebinding).
 */
@Injectable()
export class DevMailGuard implements CompilableGuard {
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return runGuard(this, context);
  }

  compile(): Step {
    return ({ socket, headers }) => {
      const isLocal = ipaddr.process(socket.remoteAddress ?? '0.0.0.0').range() === 'loopback';
      if (!isLocal || !LOCAL_HOST.test(headers.host ?? '') || headers['x-forwarded-for'] !== undefined)
        throw new DomainError('not_found', 'not_found', 'There is nothing here.');
    };
  }
}
