import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DEFAULT_PRODUCT } from '@app/catalog';
import { scopeOf, type WithPrincipal } from './current-principal.decorator.js';

/**
 * The product that the request is about: the one that it names, else the caller's only one, else the default product.
 */
export const ProductKey = createParamDecorator((_: unknown, context: ExecutionContext): string =>
  productOf(context.switchToHttp().getRequest<FastifyRequest & WithPrincipal>()),
);

/** @throws DomainError `product_not_allowed` when the caller is limited to another product */
export function productOf(request: FastifyRequest & WithPrincipal): string {
  const { query, body } = request;
  const named = (query as { product?: unknown }).product ?? (body as { product?: unknown } | null | undefined)?.product;
  return scopeOf(request).productNamed(typeof named === 'string' ? named : undefined) ?? DEFAULT_PRODUCT;
}
