import { Anchor } from '@mantine/core';
import { createLink } from '@tanstack/react-router';

/** A link to a screen, in the style of the theme. */
export const AnchorLink = createLink(Anchor<'a'>);
