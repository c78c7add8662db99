import * as fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Font } from 'fontkit';

/**
 * DejaVu Sans Condensed: Latin, Greek and Cyrillic of all European languages. Its licence allows embedding and
 * redistribution; see the package `dejavu-fonts-ttf`.
 */
const FILES = { regular: 'DejaVuSansCondensed.ttf', bold: 'DejaVuSansCondensed-Bold.ttf' };

export type FontName = keyof typeof FILES;
export type Fonts = Record<FontName, Font>;

let loading: Promise<Fonts> | null = null;

/** The parsed fonts, read once per process: parsing takes three quarters of the time of a document. */
export function loadFonts(): Promise<Fonts> {
  loading ??= parse().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function parse(): Promise<Fonts> {
  const { create } = await import('fontkit');
  const { resolve } = createRequire(import.meta.url);
  const [regular, bold] = await Promise.all(
    [FILES.regular, FILES.bold].map(async (file) => create(await fs.readFile(resolve(`dejavu-fonts-ttf/ttf/${file}`)))),
  );
  return { regular: regular as Font, bold: bold as Font };
}

/**
 * Clears the cache of glyphs. A font keeps each glyph with the characters that it first stood for, and
 * these are written into the document: its bytes would depend on the documents before it.
 */
export function clearGlyphs(fonts: Fonts): void {
  for (const font of Object.values(fonts)) Object.assign(font, { _glyphs: {} });
}
