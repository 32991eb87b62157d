import { EnvError } from '@app/common';

/** Ends the process with code 1. What an operator can mend is said in a sentence; only a bug shows its stack. */
export function giveUp(error: unknown): never {
  const isExpected = error instanceof EnvError || (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  console.error(isExpected ? (error as Error).message : error);
  process.exit(1);
}
