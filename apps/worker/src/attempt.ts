import type { Logger } from '@nestjs/common';

/** Runs a job's work; what fails is told, and left to the next round. @returns null when it failed */
export async function attempt<T>(logger: Logger, otherwise: string, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    logger.error(`${otherwise}: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}
