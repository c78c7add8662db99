/** Nothing to say. */
export class EmptyDto {}
