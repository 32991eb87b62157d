/** Something the user must mend: the message is one clear sentence, printed without a stack. */
export class Failure extends Error {
  /**
   * @param {string} message
   * @param {string} [log] path of the log that tells more
   */
  constructor(message, log) {
    super(log === undefined ? message : `${message} (log: ${log})`);
    this.name = 'Failure';
  }
}

/** Whether an error only says that the user asked us to stop. @param {unknown} error */
export function isAbort(error) {
  return error instanceof Error && error.name === 'AbortError';
}
