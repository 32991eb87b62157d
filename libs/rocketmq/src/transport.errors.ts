/** The transport was closed: nothing can be sent any more, and what was not confirmed has an unknown outcome. */
export class TransportClosedError extends Error {
  constructor() {
    super('The transport is closed');
    this.name = TransportClosedError.name;
  }
}

/** There is no connection right now; one is being made in the background. Nothing was sent. */
export class TransportUnavailableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = TransportUnavailableError.name;
  }
}

/** The events of one message are too large for the broker. Nothing was sent: publish them in smaller portions. */
export class PayloadTooLargeError extends Error {
  constructor(
    readonly bytes: number,
    readonly limit: number,
  ) {
    super(`The message has ${bytes} bytes, more than the ${limit} the broker takes`);
    this.name = PayloadTooLargeError.name;
  }
}

/** RocketMQ carries events only: `send()` and `@MessagePattern` have no way to answer. */
export class RequestReplyError extends Error {
  constructor() {
    super('request-reply is not supported: use emit() and @EventPattern');
    this.name = RequestReplyError.name;
  }
}
