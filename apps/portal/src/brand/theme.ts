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
const LIGHT_SHADE = 7;
const DARK_SHADE = 4;
/** Text on a filled button is black above it and white below: both have a contrast above 4.5 there. */
const LUMINANCE_OF_EQUAL_CONTRAST = 0.179;
const TINTS = [0.95, 0.85, 0.7, 0.5, 0.35, 0.2, 0.1];

/** Theme with the accent colour of the product, in shades that are readable in both schemes. */
export function themeOf({ accent, background }: Colors): MantineThemeOverride {
  if (!COLOR.test(accent)) return defaultTheme;
  const tuple = [...TINTS.map((share) => mix(accent, WHITE, share)), accent, accent, accent];
  tuple[LIGHT_SHADE] = readable(accent, backgroundOf(background), BLACK);
  tuple[DARK_SHADE] = readable(accent, DARK, WHITE);
  return {
    ...defaultTheme,
    colors: { brand: tuple as unknown as MantineColorsTuple },
    primaryColor: 'brand',
    primaryShade: { light: LIGHT_SHADE, dark: DARK_SHADE },
    luminanceThreshold: LUMINANCE_OF_EQUAL_CONTRAST,
  };
}

/** Background and text of the light scheme. Colours that cannot be read fall back to the default ones. */
export function variablesOf(colors: Colors): CSSVariablesResolver {
  const background = backgroundOf(colors.background);
  const isReadable = COLOR.test(colors.text) && contrast(colors.text, background) >= READABLE;
  return (theme) => {
    const { variables, light, dark } = readableColors(theme);
    return {
      variables,
      dark,
      light: {
        ...light,
        '--mantine-color-body': background,
        ...(isReadable ? { '--mantine-color-text': colors.text } : {}),
      },
    };
  };
}

/** The background, if it is light enough for the secondary text and the other colours of the light scheme. */
const backgroundOf = (background: string): string =>
  COLOR.test(background) && luminance(background) > 0.8 && contrast(SECONDARY, background) >= READABLE
    ? background
    : WHITE;
