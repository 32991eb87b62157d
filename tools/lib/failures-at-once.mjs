/**
 * A reporter of vitest that says why a test failed as soon as it has: vitest itself says it at the end, which a run that is
 * stopped never comes to.
 */
export default class FailuresAtOnce {
  /** @param {import('vitest/node').TestCase} test */
  onTestCaseResult(test) {
    const { state, errors } = test.result();
    if (state !== 'failed') return;
    const reasons = errors.map((error) => String(error.stack ?? error.message)).join('\n');
    console.error(`failed: ${test.module.relativeModuleId} > ${test.fullName}\n${reasons}`);
  }
}
