import { describe, expect, it } from '@jest/globals';
import { targetUrl } from './target-url.js';

describe('the URL of an endpoint', () => {
  it.each([
    'https://hooks.example.com/a?b=c',
    'http://10.0.0.1:8080/',
    'https://example.com:3000',
    'http://[fd00::1]:9000/',
  ])('may be %s', (text) => {
    expect(targetUrl(text)).toBeInstanceOf(URL);
  });

  it.each([
    'file:///etc/passwd',
    'gopher://example.com',
    'ftp://example.com',
    'data:text/plain,x',
    'javascript:alert(1)',
    'example.com',
    '',
    '//example.com',
    'https://user:pass@example.com/',
    'https://user@example.com/',
    'http://a@127.0.0.1:80#@good.com/',
    'https://example.com:22/',
    'https://example.com:25/',
    'https://example.com:6379/',
    'https://example.com:5432/',
    'https://example.com:0/',
    'https://example.com:65536/',
    `https://example.com/${'a'.repeat(2_048)}`,
  ])('is not %.60s', (text) => {
    expect(typeof targetUrl(text)).toBe('string');
  });

  it('is read as browsers read it, so that no spelling hides an address', () => {
    for (const text of [
      'http://127.1/',
      'http://0x7f.1/',
      'http://2130706433/',
      'http://017700000001/',
      'http://①②⑦.⓪.⓪.①/',
    ]) {
      expect((targetUrl(text) as URL).hostname).toBe('127.0.0.1');
    }
  });
});
