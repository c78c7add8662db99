import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type Principal, productMeant } from '@app/auth';
import { DEFAULT_PRODUCT } from '@app/catalog';
import type { WithPrincipal } from './current-principal.decorator.js';

/** The product that the request is about: the one it names, else the caller's, else the default one. */
export const ProductKey = createParamDecorator((_: unknown, context: ExecutionContext): string =>
  productOf(context.switchToHttp().getRequest<FastifyRequest & WithPrincipal>()),
);

/** @throws DomainError `product_not_allowed` when the caller is confined to another one */
export function productOf({ principal, query, body }: FastifyRequest & WithPrincipal): string {
  const named = (query as { product?: unknown }).product ?? (body as { product?: unknown } | null | undefined)?.product;
  return allowedProduct(principal, typeof named === 'string' ? named : undefined);
}

/** The only product that the caller may see; null: any. */
export const confinedProduct = (principal: Principal | null): string | null => principal?.product ?? null;

/** @throws DomainError `product_not_allowed` when the caller is confined to another one */
export function allowedProduct(principal: Principal | null, named: string | undefined): string {
  return productMeant(principal, named) ?? DEFAULT_PRODUCT;
}
