import { ref, shallowRef } from 'vue';
import { toProblem, type ProblemError } from '../api/problem.js';

/** Something an operator does: one at a time, with what it came to. */
export function useAction() {
  const isBusy = ref(false);
  const problem = shallowRef<ProblemError>();
  const done = ref('');

  /** `what` returns the sentence that says what it came to. */
  async function act(what: () => Promise<string>): Promise<boolean> {
    if (isBusy.value) return false;
    isBusy.value = true;
    problem.value = undefined;
    done.value = '';
    try {
      done.value = await what();
      return true;
    } catch (error) {
      problem.value = toProblem(error);
      return false;
    } finally {
      isBusy.value = false;
    }
  }

  function clear(): void {
    problem.value = undefined;
    done.value = '';
  }

  return { isBusy, problem, done, act, clear };
}
