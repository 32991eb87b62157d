import { ref, shallowRef } from 'vue';
import { toProblem, type ProblemError } from '../api/problem.js';

/** A value that is asked for: on its way, there, or not to be had. The last good one stays while a new one is on its way. */
export function useLoad<T, A extends unknown[]>(ask: (...args: A) => Promise<T>) {
  const data = shallowRef<T>();
  const problem = shallowRef<ProblemError>();
  const isLoading = ref(false);
  let latest = 0;

  async function load(...args: A): Promise<boolean> {
    const own = (latest += 1);
    isLoading.value = true;
    try {
      const answer = await ask(...args);
      if (own !== latest) return true;
      data.value = answer;
      problem.value = undefined;
      return true;
    } catch (error) {
      if (own === latest) problem.value = toProblem(error);
      return false;
    } finally {
      if (own === latest) isLoading.value = false;
    }
  }

  return { data, problem, isLoading, load };
}
