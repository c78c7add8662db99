/** See billed-timeline.mjs. */
export const BILLED_OTHERWISE: string;
