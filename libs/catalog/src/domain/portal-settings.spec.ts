import { describe, expect, it } from '@jest/globals';
import { allowedReturnUrl, checkPortalSettings } from './portal-settings.js';

const ALLOWED = ['https://app.example.com/billing', 'https://shop.example.com/', 'http://localhost:4000/'];
const NAMED = { productName: 'API' };
const fieldsOf = (settings: object): string[] => {
  try {
    checkPortalSettings(settings, NAMED);
    return [];
  } catch (error) {
    return (error as { details: { errors: { field: string }[] } }).details.errors.map(({ field }) => field);
  }
};

describe('a return URL', () => {
  it.each([
    ['https://app.example.com/billing', 'https://app.example.com/billing'],
    ['https://app.example.com/billing?tab=invoices#top', 'https://app.example.com/billing?tab=invoices#top'],
    ['https://app.example.com/billing/plans', 'https://app.example.com/billing/plans'],
    ['HTTPS://APP.example.com:443/billing', 'https://app.example.com/billing'],
    ['https://app.example.com/other/../billing', 'https://app.example.com/billing'],
    ['https://shop.example.com', 'https://shop.example.com/'],
    ['http://localhost:4000/any', 'http://localhost:4000/any'],
  ])('%s is allowed', (given, normal) => expect(allowedReturnUrl(given, ALLOWED)).toBe(normal));

  it.each([
    'https://app.example.com/',
    'https://app.example.com/billing-of-others',
    'https://app.example.com/billing/../admin',
    'https://app.example.com/billing/%2e%2e/admin',
    'https://app.example.com/billing/..%2fadmin',
    'https://app.example.com/billing/..%252fadmin',
    'https://app.example.com/billing/..%5cadmin',
    'https://app.example.com/billing\\..\\admin',
    'https://app.example.com:8443/billing',
    'http://app.example.com/billing',
    'https://app.example.com.evil.example/billing',
    'https://evil.example/https://app.example.com/billing',
    'https://app.example.com@evil.example/billing',
    'https://app.example.com:443@evil.example/billing',
    'https://user:secret@app.example.com/billing',
    'https://@app.example.com/billing',
    'https://evil.example\\@app.example.com/billing',
    'https://evil.example#@app.example.com/billing',
    'https://evil.example?@app.example.com/billing',
    'https://app.example.com\\.evil.example/billing',
    'https:/app.example.com/billing',
    'https:app.example.com/billing',
    'https:///app.example.com/billing',
    'https:\\\\app.example.com\\billing',
    '//app.example.com/billing',
    '/billing',
    'billing',
    ' https://app.example.com/billing',
    'https://app.example.com/billing\n',
    'https://app.exa\tmple.com/billing',
    'https://app.example.com/\u202ebilling',
    'https://аpp.example.com/billing',
    'https://app.example.com./billing',
    'javascript:alert(1)',
    'javascript://app.example.com/billing%0aalert(1)',
    'data:text/html,https://app.example.com/billing',
    'ftp://app.example.com/billing',
    'blob:https://app.example.com/billing',
    'http://localhost:4001/any',
    `https://shop.example.com/${'a'.repeat(2_000)}`,
    '',
  ])('%j is refused', (given) => expect(() => allowedReturnUrl(given, ALLOWED)).toThrow('Some fields are not valid'));

  it('is refused by settings that allow none', () =>
    expect(() => allowedReturnUrl('https://app.example.com/billing', [])).toThrow());
});

describe('portal settings', () => {
  it('have defaults, with the name of the product', () => {
    expect(checkPortalSettings({}, NAMED)).toEqual({
      name: 'API',
      logoUrl: null,
      colors: { accent: '#1d4ed8', background: '#ffffff', text: '#111827' },
      allowedReturnUrls: [],
    });
  });

  it('are stored in one form', () => {
    const settings = checkPortalSettings(
      { colors: { accent: '#FF00aa' }, allowedReturnUrls: ['https://App.example.com:443', 'https://a.example/b/../c'] },
      NAMED,
    );
    expect(settings).toMatchObject({
      colors: { accent: '#ff00aa', background: '#ffffff' },
      allowedReturnUrls: ['https://app.example.com/', 'https://a.example/c'],
    });
  });

  it.each([
    [{ name: ' ' }, 'name'],
    [{ colors: { accent: 'red' } }, 'colors.accent'],
    [{ colors: { text: '#fff' } }, 'colors.text'],
    [{ colors: { text: '#ffffff;background:url(//evil.example)' } }, 'colors.text'],
    [{ colors: { background: '#ffffff\n' } }, 'colors.background'],
    [{ colors: { border: '#ffffff' } }, 'colors.border'],
    [{ logoUrl: 'http://cdn.example.com/logo.svg' }, 'logoUrl'],
    [{ logoUrl: 'javascript:alert(1)' }, 'logoUrl'],
    [{ logoUrl: 'data:image/svg+xml,<svg onload=alert(1)>' }, 'logoUrl'],
    [{ logoUrl: 'https://user:secret@cdn.example.com/logo.svg' }, 'logoUrl'],
    [{ logoUrl: '//cdn.example.com/logo.svg' }, 'logoUrl'],
    [{ allowedReturnUrls: ['http://app.example.com/'] }, 'allowedReturnUrls.0'],
    [{ allowedReturnUrls: ['https://*.example.com/'] }, 'allowedReturnUrls.0'],
    [{ allowedReturnUrls: ['https://app.example.com/?next='] }, 'allowedReturnUrls.0'],
    [{ allowedReturnUrls: ['https://a.example/', 'https://user@app.example.com/'] }, 'allowedReturnUrls.1'],
    [{ allowedReturnUrls: ['https:app.example.com'] }, 'allowedReturnUrls.0'],
    [
      { allowedReturnUrls: Array.from({ length: 21 }, (_, index) => `https://a${index}.example/`) },
      'allowedReturnUrls',
    ],
    [{ theme: 'dark' }, 'theme'],
  ])('%j is refused', (settings, field) => expect(fieldsOf(settings)).toEqual([field]));
});
