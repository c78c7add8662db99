import { DomainError, notFound } from './errors.js';

/** Plain form of a scope, for repositories: only rows of this customer and this product. Null: any. */
export interface ScopeFilter {
  productId: string | null;
  customerId: string | null;
}

/** Dimensions of an object to check against a scope. A dimension that is left out is not checked. */
export interface ScopedObject {
  customerId?: string | null;
  productId?: string | null;
}

/** API keys of one user and, with a product, those of services on it. */
export interface ApiKeyFilter {
  ownerUserId: string;
  productId: string | null;
}

/** True when a scope filter admits the object. */
export const admits = (scope: ScopeFilter, { customerId, productId }: ScopedObject): boolean =>
  (customerId === undefined || scope.customerId === null || scope.customerId === customerId) &&
  (productId === undefined || scope.productId === null || scope.productId === productId);

/** Everything that a scope is made of. */
export interface ScopeParts {
  /** The only customer whose objects the caller sees; null: any. */
  customerId: string | null;
  /** The only product whose objects the caller sees; null: any. */
  product: { id: string; key: string } | null;
  /** The only user whose own objects (API keys) the caller sees; null: any. */
  userId: string | null;
  /** The customer that the caller itself is, named `me` in requests; null for services. */
  ownCustomerId: string | null;
  /** True when the caller sees drafts, archived and unlisted plans too. */
  wholeCatalog: boolean;
}

/** Matches no row: a caller without credentials owns nothing. */
const NO_ONE = '00000000-0000-0000-0000-000000000000';

/**
 * The objects that one caller may see. The access guard puts it on every request; all visibility is decided here.
 * An object outside of the scope is the same 404 as an object that does not exist.
 *
 * @example
 * scope.assertAdmits({ customerId: subscription.customerId, productId: subscription.productId }, 'subscription');
 * await clocks.list(page, scope.filter);
 */
export class AccessScope {
  /** Public objects only: a caller without credentials. */
  static readonly ANONYMOUS = new AccessScope({
    customerId: NO_ONE,
    product: null,
    userId: NO_ONE,
    ownCustomerId: null,
    wholeCatalog: false,
  });

  /** For SQL: see `inScope` in libs/platform. */
  readonly filter: ScopeFilter;
  /** True when the caller sees every customer and every product: no object needs a check. */
  readonly isUnlimited: boolean;
  readonly ownCustomerId: string | null;
  readonly wholeCatalog: boolean;
  /** Key of the only product that the caller sees; null: any. */
  readonly productKey: string | null;
  /** Equal for callers who get the same answer to the same read of the catalogue. */
  readonly catalogView: string;
  private readonly userId: string | null;

  constructor({ customerId, product, userId, ownCustomerId, wholeCatalog }: ScopeParts) {
    this.filter = Object.freeze({ productId: product?.id ?? null, customerId });
    this.isUnlimited = customerId === null && product === null;
    this.ownCustomerId = ownCustomerId;
    this.wholeCatalog = wholeCatalog;
    this.productKey = product?.key ?? null;
    this.catalogView = `${wholeCatalog ? 'whole' : 'public'} ${product?.key ?? ''}`;
    this.userId = userId;
  }

  /** True when the caller may see the object. */
  admits(object: ScopedObject): boolean {
    return admits(this.filter, object);
  }

  /** @throws DomainError `<noun>_not_found` when the caller may not see the object: the 404 of an absent one */
  assertAdmits(object: ScopedObject, noun: string): void {
    if (!this.admits(object)) throw notFound(noun);
  }

  /**
   * True when the caller may see and change an API key: its owner, admins, and for keys of services the admins of their
   * product.
   */
  admitsApiKey({ ownerUserId, customerId, productId }: Required<ScopedObject> & { ownerUserId: string }): boolean {
    if (this.userId === null || this.userId === ownerUserId) return true;
    return customerId === null && this.filter.productId !== null && this.filter.productId === productId;
  }

  /**
   * API keys that the caller may see. Null: all. Else those of the user, and with a product those of services on it.
   */
  get apiKeyFilter(): ApiKeyFilter | null {
    return this.userId === null ? null : { ownerUserId: this.userId, productId: this.filter.productId };
  }

  /** The same caller, seeing every customer and every product: support, on the routes where it reads or repairs. */
  widened(): AccessScope {
    const { userId, ownCustomerId, wholeCatalog } = this;
    return new AccessScope({ customerId: null, product: null, userId, ownCustomerId, wholeCatalog });
  }

  /** The scope, narrowed to what the caller named. Check before that the scope admits both. */
  narrowedTo({ customerId, productId }: Partial<ScopeFilter>): ScopeFilter {
    return {
      productId: productId ?? this.filter.productId,
      customerId: customerId ?? this.filter.customerId,
    };
  }

  /**
   * The product that a request is about: the one that it names, else the only one that the caller sees.
   * @throws DomainError `product_not_allowed` when the caller is limited to another product
   */
  productNamed(key: string | undefined): string | undefined {
    if (this.productKey !== null && key !== undefined && key !== this.productKey)
      throw productNotAllowed('Your credentials are limited to another product.');
    return key ?? this.productKey ?? undefined;
  }

  /** For objects that span all products. @throws DomainError `product_not_allowed` when the caller is limited to one */
  assertAnyProduct(): void {
    if (this.productKey !== null)
      throw productNotAllowed('Your credentials are limited to one product: name it in `product`.');
  }
}

const productNotAllowed = (message: string): DomainError =>
  new DomainError('forbidden', 'product_not_allowed', message);
