/** Waits until it is so. @throws Error when it is not in time */
export async function eventually<T>(
  look: () => T | Promise<T>,
  is: (found: T) => boolean = Boolean,
  withinMs = 10_000,
): Promise<T> {
  const until = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (is(found)) return found;
    if (performance.now() > until) throw new Error(`It did not come to be: ${JSON.stringify(found)?.slice(0, 500)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
