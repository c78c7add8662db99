import { describe, expect, it } from '@jest/globals';
import { arrayLiteral } from './array-literal.js';

describe('an array as PostgreSQL reads it', () => {
  it('quotes what would be taken for something else', () => {
    expect(arrayLiteral(['plain', '', 'null', 'a b', 'a,b', '{}', 'say "so"', 'back\\slash', null, 1, -0.5])).toBe(
      '{plain,"","null","a b","a,b","{}","say \\"so\\"","back\\\\slash",null,1,-0.5}',
    );
  });

  it('writes instants and objects as text', () => {
    expect(arrayLiteral([new Date(0), { a: 'b' }])).toBe('{1970-01-01T00:00:00.000Z,"{\\"a\\":\\"b\\"}"}');
  });
});
