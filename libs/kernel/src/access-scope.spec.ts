import { describe, expect, it } from '@jest/globals';
import { AccessScope, type ScopeParts } from './access-scope.js';

const NEWS = { id: 'p-news', key: 'news' };
const scope = (parts: Partial<ScopeParts> = {}): AccessScope =>
  new AccessScope({
    customerId: null,
    product: null,
    userId: null,
    ownCustomerId: null,
    wholeCatalog: false,
    ...parts,
  });
const admin = scope();
const ann = scope({ customerId: 'c-ann', ownCustomerId: 'c-ann', userId: 'u-ann' });
const newsAdmin = scope({ product: NEWS, userId: 'u-eve', ownCustomerId: 'c-eve' });

describe('AccessScope', () => {
  it.each([
    ['an unlimited scope admits every object', admin, { customerId: 'c-bob', productId: 'p-api' }, true],
    ['a scope of one customer admits its objects', ann, { customerId: 'c-ann', productId: 'p-api' }, true],
    ['a scope of one customer does not admit objects of another', ann, { customerId: 'c-bob' }, false],
    ['a scope of one customer does not admit objects of no customer', ann, { customerId: null }, false],
    [
      'a scope of one product admits objects of its customers',
      newsAdmin,
      { customerId: 'c-bob', productId: 'p-news' },
      true,
    ],
    ['a scope of one product does not admit objects of another', newsAdmin, { productId: 'p-api' }, false],
    ['a scope of one product does not admit objects of no product', newsAdmin, { productId: null }, false],
    [
      'a scope without credentials admits no object of a customer',
      AccessScope.ANONYMOUS,
      { customerId: 'c-ann' },
      false,
    ],
  ])('%s', (_, of, object, expected) => {
    expect(of.admits(object)).toBe(expected);
  });

  it('throws the 404 of an absent object for an object outside of the scope', () => {
    expect(() => ann.assertAdmits({ customerId: 'c-bob' }, 'test_clock')).toThrow(
      expect.objectContaining({
        kind: 'not_found',
        code: 'test_clock_not_found',
        message: 'There is no such test clock.',
      }),
    );
  });

  it.each([
    ['the owner', ann, { ownerUserId: 'u-ann', customerId: 'c-ann', productId: null }, true],
    ['an admin', admin, { ownerUserId: 'u-ann', customerId: 'c-ann', productId: null }, true],
    ['another user', ann, { ownerUserId: 'u-bob', customerId: null, productId: null }, false],
    ['an admin of its product', newsAdmin, { ownerUserId: 'u-bob', customerId: null, productId: 'p-news' }, true],
    ['an admin of another product', newsAdmin, { ownerUserId: 'u-bob', customerId: null, productId: 'p-api' }, false],
    [
      'a product admin, for a key of all products',
      newsAdmin,
      { ownerUserId: 'u-bob', customerId: null, productId: null },
      false,
    ],
    [
      'a product admin, for a key of a user',
      newsAdmin,
      { ownerUserId: 'u-bob', customerId: 'c-bob', productId: 'p-news' },
      false,
    ],
  ])('decides on an API key for %s', (_, of, key, expected) => {
    expect(of.admitsApiKey(key)).toBe(expected);
  });

  it('takes the product that a request names, else the only one of the scope', () => {
    expect(admin.productNamed('api')).toBe('api');
    expect(admin.productNamed(undefined)).toBeUndefined();
    expect(newsAdmin.productNamed(undefined)).toBe('news');
    expect(newsAdmin.productNamed('news')).toBe('news');
  });

  it('rejects another product than the only one of the scope', () => {
    const notAllowed = expect.objectContaining({ code: 'product_not_allowed' });
    expect(() => newsAdmin.productNamed('api')).toThrow(notAllowed);
    expect(() => newsAdmin.assertAnyProduct()).toThrow(notAllowed);
    expect(() => ann.assertAnyProduct()).not.toThrow();
  });

  it('widens to every customer and product, and keeps the own customer', () => {
    expect(ann.widened()).toMatchObject({ isUnlimited: true, ownCustomerId: 'c-ann' });
  });

  it('never widens when it is narrowed', () => {
    expect(newsAdmin.narrowedTo({ customerId: 'c-bob' })).toEqual({ productId: 'p-news', customerId: 'c-bob' });
    expect(ann.narrowedTo({ productId: null })).toEqual({ productId: null, customerId: 'c-ann' });
  });
});
