import { ref, shallowRef } from 'vue';
import { toProblem, type ProblemError } from '../api/problem.js';

/** A list that comes in pages: what was read so far, and the way to more. */
export function usePages<T>(ask: (cursor?: string) => Promise<{ entries: T[]; next: string | null }>) {
  const entries = shallowRef<T[]>();
  const next = ref<string | null>(null);
  const problem = shallowRef<ProblemError>();
  const isLoading = ref(false);
  let latest = 0;

  async function read(cursor?: string): Promise<void> {
    const own = (latest += 1);
    isLoading.value = true;
    try {
      const page = await ask(cursor);
      if (own !== latest) return;
      entries.value = cursor === undefined ? page.entries : [...(entries.value ?? []), ...page.entries];
      next.value = page.next;
      problem.value = undefined;
    } catch (error) {
      if (own === latest) problem.value = toProblem(error);
    } finally {
      if (own === latest) isLoading.value = false;
    }
  }

  /** From the beginning. */
  const load = () => read();
  const more = () => (next.value === null ? Promise.resolve() : read(next.value));
  return { entries, next, problem, isLoading, load, more };
}
