import { describe, expect, it } from '@jest/globals';
import { arrayLiteral, columnLiteral } from './array-literal.js';

const NOON = new Date('2027-01-01T12:00:00Z');

describe('an array as PostgreSQL reads it', () => {
  it('quotes what would be taken for something else', () => {
    expect(arrayLiteral(['plain', '', 'null', 'a b', 'a,b', '{}', 'say "so"', 'back\\slash', null, 1, -0.5])).toBe(
      '{plain,"","null","a b","a,b","{}","say \\"so\\"","back\\\\slash",null,1,-0.5}',
    );
  });

  it('writes instants and objects as text', () => {
    expect(arrayLiteral([new Date(0), { a: 'b' }])).toBe('{1970-01-01T00:00:00.000Z,"{\\"a\\":\\"b\\"}"}');
  });

  it('writes one value of each row, repeated ones too', () => {
    const rows = [{ at: NOON }, { at: NOON }, { at: null }, { at: null }, { at: NOON }].map((row) => ({
      ...row,
      id: 'a b',
    }));
    const noon = '2027-01-01T12:00:00.000Z';
    expect(columnLiteral(rows, ({ at }) => at)).toBe(`{${noon},${noon},null,null,${noon}}`);
    expect(columnLiteral(rows, ({ id }) => id)).toBe('{"a b","a b","a b","a b","a b"}');
    expect(columnLiteral([], ({ id }) => id)).toBe('{}');
  });
});
