import type { CSSVariablesResolver, MantineColorsTuple, MantineThemeOverride } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { defaultTheme, readableColors } from '@tollgate/web';
import { contrast, luminance, mix, READABLE, readable } from './contrast';

export type Look = components['schemas']['PortalLookDto'];
type Colors = Look['colors'];

const COLOR = /^#[0-9a-f]{6}$/i;
const WHITE = '#ffffff';
const BLACK = '#000000';
/** Background of panels in the dark scheme. */
const DARK = '#2e2e2e';
/** Secondary text of the light scheme, which every background must carry. */
const SECONDARY = '#495057';
/** Least luminance of a background. */
const LIGHT = 0.8;
/** Buttons and bars: their text is black or white, so that every accent colour carries it. */
const FILLED_SHADE = 7;
const TINTS = [0.95, 0.85, 0.7, 0.5, 0.35, 0.2, 0.1];

/** Theme with the accent colour of the product. */
export function themeOf({ accent }: Colors): MantineThemeOverride {
  if (!COLOR.test(accent)) return defaultTheme;
  const tuple = [...TINTS.map((share) => mix(accent, WHITE, share)), accent, accent, accent];
  return {
    ...defaultTheme,
    colors: { brand: tuple as unknown as MantineColorsTuple },
    primaryColor: 'brand',
    primaryShade: FILLED_SHADE,
  };
}

/**
 * Links in shades of the accent that are readable in both schemes; background and text of the light scheme. Colours
 * that cannot be read fall back to the default ones.
 */
export function variablesOf({ accent, background, text }: Colors): CSSVariablesResolver {
  const body = backgroundOf(background);
  const isAccent = COLOR.test(accent);
  const isText = COLOR.test(text) && contrast(text, body) >= READABLE;
  return (theme) => {
    const { variables, light, dark } = readableColors(theme);
    return {
      variables,
      light: {
        ...light,
        '--mantine-color-body': body,
        ...(isText && { '--mantine-color-text': text }),
        ...(isAccent && { '--mantine-color-anchor': readable(accent, body, BLACK) }),
      },
      dark: { ...dark, ...(isAccent && { '--mantine-color-anchor': readable(accent, DARK, WHITE) }) },
    };
  };
}

/** The background, if it is light enough for the secondary text and the other colours of the light scheme. */
const backgroundOf = (background: string): string =>
  COLOR.test(background) && luminance(background) > LIGHT && contrast(SECONDARY, background) >= READABLE
    ? background
    : WHITE;
