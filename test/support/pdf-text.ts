import { inflateSync } from 'node:zlib';

/** An object of a PDF file: its dictionary as text, and its stream. */
interface PdfObject {
  dictionary: string;
  stream: Buffer | null;
}

/** The text of each page, one line per string that is drawn: read from the streams by the maps in the file. */
export function textOfPdf(pdf: Buffer): string[] {
  const objects = objectsOf(pdf);
  const referenced = (dictionary: string, name: string): PdfObject =>
    objects.get(new RegExp(`/${name} (\\d+) 0 R`).exec(dictionary)?.[1] ?? '')!;
  const pages = [...objects.values()].filter(({ dictionary }) => /\/Type \/Page\b/.test(dictionary));
  return pages.map(({ dictionary }) => {
    const fonts = new Map<string, Map<string, string>>();
    for (const [, name, id] of referenced(dictionary, 'Resources').dictionary.matchAll(/\/(F\d+) (\d+) 0 R/g))
      fonts.set(name!, charactersOf(referenced(objects.get(id!)!.dictionary, 'ToUnicode').stream!.toString('latin1')));
    return drawnText(referenced(dictionary, 'Contents').stream!.toString('latin1'), fonts);
  });
}

/** The fonts that are embedded, as subsets. */
export const fontsOfPdf = (pdf: Buffer): string[] => [
  ...new Set([...pdf.toString('latin1').matchAll(/\/FontName \/[A-Z]{6}\+(\S+)/g)].map(([, name]) => name!)),
];

function objectsOf(pdf: Buffer): Map<string, PdfObject> {
  const text = pdf.toString('latin1');
  const objects = new Map<string, PdfObject>();
  for (const { 0: head, 1: id, index } of text.matchAll(/(?<=^|\n)(\d+) 0 obj\n/g)) {
    const start = index + head.length;
    const end = text.indexOf('\nendobj', start);
    const streamAt = text.slice(start, end).indexOf('stream\n');
    const dictionary = text.slice(start, streamAt < 0 ? end : start + streamAt);
    const length = Number(/\/Length (\d+)/.exec(dictionary)?.[1]);
    const raw = streamAt < 0 ? null : pdf.subarray(start + streamAt + 7, start + streamAt + 7 + length);
    objects.set(id!, { dictionary, stream: raw && dictionary.includes('FlateDecode') ? inflateSync(raw) : raw });
  }
  return objects;
}

/** A ToUnicode map: code of a glyph to its characters, both in hexadecimal digits. */
function charactersOf(map: string): Map<string, string> {
  const characters = new Map<string, string>();
  for (const [, first, , list] of map.matchAll(/<([0-9a-f]{4})> <([0-9a-f]{4})> \[([^\]]*)\]/g))
    [...list!.matchAll(/<([0-9a-f ]*)>/g)].forEach(([, code], index) =>
      characters.set((parseInt(first!, 16) + index).toString(16).padStart(4, '0'), decoded(code!)),
    );
  return characters;
}

const decoded = (hex: string): string => Buffer.from(hex.replaceAll(' ', ''), 'hex').swap16().toString('utf16le');

function drawnText(content: string, fonts: Map<string, Map<string, string>>): string {
  const lines: string[] = [];
  let font = new Map<string, string>();
  for (const [, name, array] of content.matchAll(/\/(F\d+) [\d.]+ Tf|\[((?:<[0-9a-f]*> ?-?[\d.]* ?)+)\] TJ/g)) {
    if (name) font = fonts.get(name)!;
    else
      lines.push(
        [...array!.matchAll(/<([0-9a-f]*)>/g)]
          .flatMap(([, codes]) => codes!.match(/.{4}/g) ?? [])
          .map((code) => font.get(code) ?? '?')
          .join(''),
      );
  }
  return lines.join('\n');
}
