import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { xmlContent } from './xml-text.js';

describe('the content of an XML document', () => {
  it.each([
    ['A\u0001B', 'A B'],
    ['\uFFFE\uFFFF\u0000', '   '],
    ['\ud800x', ' x'],
    ['Größe, Łódź\n\t𝄞 & <b>', 'Größe, Łódź\n\t𝄞 & <b>'],
  ])('has %j as %j', (text, expected) => {
    expect(xmlContent({ lines: [{ name: text, amount: 1, none: null }] })).toEqual({
      lines: [{ name: expected, amount: 1, none: null }],
    });
  });

  it('has only characters of XML 1.0, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const character of xmlContent(text)) {
          const code = character.codePointAt(0)!;
          const isAllowed = code >= 0x20 && !(code >= 0xd800 && code <= 0xdfff) && code !== 0xfffe && code !== 0xffff;
          expect(isAllowed || [0x9, 0xa, 0xd].includes(code)).toBe(true);
        }
      }),
    );
  });
});
