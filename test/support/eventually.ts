/** Polls `read` every 20 ms until its result is accepted. @throws Error when `withinMs` has passed */
export async function eventually<T>(
  read: () => T | Promise<T>,
  isAccepted: (found: T) => boolean = Boolean,
  withinMs = 10_000,
): Promise<T> {
  const until = performance.now() + withinMs;
  for (;;) {
    const found = await read();
    if (isAccepted(found)) return found;
    if (performance.now() > until)
      throw new Error(`Not reached within ${withinMs} ms: ${JSON.stringify(found)?.slice(0, 500)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
