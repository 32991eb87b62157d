/** Waits for `done`, at most `ms`; false when it did not come in time. Rejects as `done` does. */
export function within(done: Promise<unknown>, ms: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, false);
    const settle = (tell: () => void): void => {
      clearTimeout(timer);
      tell();
    };
    done.then(
      () => settle(() => resolve(true)),
      (error: Error) => settle(() => reject(error)),
    );
  });
}
