import { Locked, LockLimits, LockService, LockStep, TryResult } from './lock.service.js';

/** Grants every lock at once: the suite passes with it too, which proves that correctness rests on no lock. */
export class NoopLockService extends LockService {
  shared<T>(_name: string, work: () => Promise<T>): Promise<T> {
    this.counters.acquired += 1;
    return work();
  }

  guarded<T extends { code: string }>(name: string, work: (step?: LockStep) => Promise<T | Locked>): Promise<T> {
    return this.shared(name, work as () => Promise<T>);
  }

  exclusive<T>(name: string, work: () => Promise<T>, _limits?: LockLimits): Promise<T> {
    return this.shared(name, work);
  }

  async tryExclusive<T>(name: string, work: () => Promise<T>): Promise<TryResult<T>> {
    return { ran: true, value: await this.shared(name, work) };
  }

  async close(): Promise<void> {}
}
