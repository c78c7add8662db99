import { Alert, createTheme, type CSSVariablesResolver } from '@mantine/core';

/** Colours with a contrast of at least 4.5 to 1 on light and dark backgrounds. */
export const defaultTheme = createTheme({
  primaryColor: 'indigo',
  primaryShade: 7,
  autoContrast: true,
  // Black and white text have the same contrast, 4.6 to 1, on a colour of this luminance.
  luminanceThreshold: 0.179,
  defaultRadius: 'md',
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace',
  components: {
    // The title has the colour of text: on its own pale background some colours are too weak.
    Alert: Alert.extend({ styles: { title: { color: 'var(--mantine-color-text)' } } }),
  },
});

/** Secondary text with enough contrast on cards, which are not plain white or black. */
export const readableColors: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': 'var(--mantine-color-gray-7)',
    '--mantine-color-placeholder': 'var(--mantine-color-gray-6)',
  },
  dark: {
    '--mantine-color-dimmed': 'var(--mantine-color-gray-5)',
    '--mantine-color-placeholder': 'var(--mantine-color-gray-6)',
  },
});
