/** Asks once for all who want to know at the same time; the answer, or the failure, holds for `holdsMs` after it came. */
export function held<T>(holdsMs: number, ask: () => Promise<T>): () => Promise<T> {
  let latest: Promise<T> | undefined;
  let isUnderWay = false;
  let until = 0;
  return () => {
    if (latest && (isUnderWay || performance.now() < until)) return latest;
    isUnderWay = true;
    latest = ask().finally(() => {
      isUnderWay = false;
      until = performance.now() + holdsMs;
    });
    return latest;
  };
}
