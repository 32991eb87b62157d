import { Order } from './order.js';
import { OrderGateway, OrderServiceUnavailableError, Placement } from './order.gateway.js';
import { toOrderDto } from './dto/to-dto.js';

/** Refusals that are about the moment, not about the order: time-out, conflict with itself, too early, too many. */
const PASSING = new Set([408, 409, 425, 429]);

/**
 * The shop's own order service: `POST <url>` places an order, `POST <url>/<orderId>/close` tells that it came to nothing.
 * The `Idempotency-Key` is the order's number, so that a call whose answer was lost is made again without harm.
 */
export class HttpOrderGateway extends OrderGateway {
  override readonly isImmediate = false;

  constructor(
    private readonly url: string,
    private readonly timeoutMs: number,
  ) {
    super();
  }

  override async place(order: Order): Promise<Placement> {
    const { status: _, ...told } = toOrderDto(order);
    const status = await this.post(this.url, order.orderId, { ...told, userId: order.userId });
    return status < 300 ? 'accepted' : 'refused';
  }

  override async close({ orderId, userId, status }: Order): Promise<void> {
    // A refusal is an answer too: the service knows nothing of the order that would have to be closed.
    await this.post(`${this.url}/${orderId}/close`, `${orderId}-close`, { orderId, userId, status });
  }

  /** The status, when it says yes or no: 2xx, or 4xx about the order itself. */
  private async post(url: string, key: string, body: object): Promise<number> {
    let status: number;
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(body),
        redirect: 'manual',
        signal: AbortSignal.timeout(this.timeoutMs),
      });
      ({ status } = answer);
      await answer.body?.cancel();
    } catch (error) {
      throw new OrderServiceUnavailableError(error);
    }
    const isAnswer = (status >= 200 && status < 300) || (status >= 400 && status < 500 && !PASSING.has(status));
    if (!isAnswer) throw new OrderServiceUnavailableError(new Error(`status ${status}`));
    return status;
  }
}
