import { Duplex } from 'node:stream';
import { ChannelCredentials, type ClientDuplexStream, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { type BaseClient, type Endpoints, type ILogger, RpcClientManager } from 'rocketmq-client-nodejs';
import { MessagingServiceClient } from 'rocketmq-client-nodejs/proto/apache/rocketmq/v2/service_grpc_pb.js';
import type {
  AckMessageRequest,
  AckMessageResponse,
  ChangeInvisibleDurationRequest,
  ChangeInvisibleDurationResponse,
  HeartbeatRequest,
  HeartbeatResponse,
  NotifyClientTerminationRequest,
  NotifyClientTerminationResponse,
  QueryRouteRequest,
  QueryRouteResponse,
  ReceiveMessageRequest,
  ReceiveMessageResponse,
  SendMessageRequest,
  SendMessageResponse,
  TelemetryCommand,
} from 'rocketmq-client-nodejs/proto/apache/rocketmq/v2/service_pb.js';
// Generated CommonJS that copies its exports over at run time: Node cannot name them in an import.
import service from 'rocketmq-client-nodejs/proto/apache/rocketmq/v2/service_pb.js';
import { makeDecodable } from './received.message.js';

const CHANNEL_OPTIONS = {
  // A connection of its own for each client: gRPC would share one in the process, and then a new client made because
  // the connection is dead would be given the dead connection.
  'grpc.use_local_subchannel_pool': 1,
  // gRPC's default lets the pause between two attempts grow to two minutes.
  'grpc.initial_reconnect_backoff_ms': 500,
  'grpc.max_reconnect_backoff_ms': 5000,
  // The default of 4 MiB is less than one full message with its properties.
  'grpc.max_receive_message_length': 8 * 1024 * 1024,
};

/** The farewell to a broker that may be dead is worth this many ms. */
const FAREWELL_MS = 1000;

/** A call under way. */
interface Call {
  cancel(): void;
}

type TelemetryStream = ClientDuplexStream<TelemetryCommand, TelemetryCommand>;
type Callback<T> = (error: ServiceError | null, response: T) => void;
type Unary<T> = (
  client: MessagingServiceClient,
  metadata: Metadata,
  options: { deadline: number },
  callback: Callback<T>,
) => Call;

/**
 * The remote calls of one RocketMQ client, put in the place of the client's own `RpcClientManager`, which
 * - cannot cancel a call: a long poll goes on after `shutdown()` and swallows the messages it is then given;
 * - opens another channel on every refresh of the route, each 30 s, because it looks them up by object identity;
 * - lets `shutdown()` fail, and stop half-way, when the broker cannot be told good-bye;
 * - is asked for a new telemetry stream every second, for ever, also after `shutdown()`; while the broker is away for more
 *   and more of them at once.
 */
export class RocketmqChannel extends RpcClientManager {
  readonly #client: BaseClient;
  readonly #stubs = new Map<string, MessagingServiceClient>();
  readonly #calls = new Set<Call>();
  readonly #receives = new Set<Call>();
  /** The latest stream to each target. */
  readonly #telemetry = new Map<string, TelemetryStream>();
  #closed = false;
  #receiving = true;

  /**
   * Takes over the calls of `client`, which must not have been started. `onTelemetryError` hears why the broker ends
   * the telemetry stream, which the client only logs; in its start-up that is why it waits without end.
   */
  static install(client: BaseClient, logger: ILogger, onTelemetryError: (error: Error) => void): RocketmqChannel {
    client.getRpcClientManager().close();
    const channel = new RocketmqChannel(client, logger, onTelemetryError);
    if (!Reflect.set(client, 'rpcClientManager', channel) || client.getRpcClientManager() !== channel) {
      throw new Error('This version of rocketmq-client-nodejs does not let its calls be replaced');
    }
    return channel;
  }

  private constructor(
    client: BaseClient,
    logger: ILogger,
    private readonly onTelemetryError: (error: Error) => void,
  ) {
    super(client, logger);
    // Ends the timer that the base class starts; none of its own channels is ever opened.
    super.close();
    this.#client = client;
  }

  /** Cancels the long poll and refuses the next one; everything else still works, acknowledgements above all. */
  stopReceiving(): void {
    this.#receiving = false;
    this.#receives.forEach((call) => call.cancel());
  }

  /** Cancels what is under way and refuses what comes later. */
  override close(): void {
    this.#closed = true;
    this.stopReceiving();
    this.#calls.forEach((call) => call.cancel());
    this.#stubs.forEach((stub) => stub.close());
    this.#stubs.clear();
  }

  override queryRoute(endpoints: Endpoints, request: QueryRouteRequest, ms: number): Promise<QueryRouteResponse> {
    return this.#unary(endpoints, ms, (stub, ...rest) => stub.queryRoute(request, ...rest));
  }

  override heartbeat(endpoints: Endpoints, request: HeartbeatRequest, ms: number): Promise<HeartbeatResponse> {
    return this.#unary(endpoints, ms, (stub, ...rest) => stub.heartbeat(request, ...rest));
  }

  override sendMessage(endpoints: Endpoints, request: SendMessageRequest, ms: number): Promise<SendMessageResponse> {
    return this.#unary(endpoints, ms, (stub, ...rest) => stub.sendMessage(request, ...rest));
  }

  override ackMessage(endpoints: Endpoints, request: AckMessageRequest, ms: number): Promise<AckMessageResponse> {
    return this.#unary(endpoints, ms, (stub, ...rest) => stub.ackMessage(request, ...rest));
  }

  override changeInvisibleDuration(
    endpoints: Endpoints,
    request: ChangeInvisibleDurationRequest,
    ms: number,
  ): Promise<ChangeInvisibleDurationResponse> {
    return this.#unary(endpoints, ms, (stub, ...rest) => stub.changeInvisibleDuration(request, ...rest));
  }

  override async receiveMessage(
    endpoints: Endpoints,
    request: ReceiveMessageRequest,
    ms: number,
  ): Promise<ReceiveMessageResponse[]> {
    if (!this.#receiving) {
      throw new Error('Receiving has been stopped');
    }
    const metadata = this.#client.getRequestMetadata();
    const call = this.#stub(endpoints).receiveMessage(request, metadata, { deadline: Date.now() + ms });
    this.#receives.add(call);
    try {
      const responses: ReceiveMessageResponse[] = [];
      for await (const response of call) {
        responses.push(makeDecodable(response as ReceiveMessageResponse));
      }
      return responses;
    } finally {
      this.#receives.delete(call);
    }
  }

  /** Best effort: the broker also notices by itself, and `shutdown()` must go on. */
  override async notifyClientTermination(
    endpoints: Endpoints,
    request: NotifyClientTerminationRequest,
  ): Promise<NotifyClientTerminationResponse> {
    return this.#unary<NotifyClientTerminationResponse>(endpoints, FAREWELL_MS, (stub, ...rest) =>
      stub.notifyClientTermination(request, ...rest),
    ).catch(() => new service.NotifyClientTerminationResponse());
  }

  override telemetry(endpoints: Endpoints): TelemetryStream {
    if (this.#closed) {
      return deadStream();
    }
    const target = endpoints.getGrpcTarget();
    this.#giveUp(this.#telemetry.get(target));
    const stream = keepErrorsHandled(this.#stub(endpoints).telemetry(this.#client.getRequestMetadata()));
    this.#telemetry.set(target, stream);
    this.#calls.add(stream);
    stream.once('error', this.onTelemetryError);
    stream.once('close', () => this.#calls.delete(stream));
    return stream;
  }

  /**
   * The stream before. The client asks for another one at an error and at an end, but stops listening to the latest alone:
   * with two of them each failure would ask for two more, and without a broker they would double every second.
   */
  #giveUp(stream: TelemetryStream | undefined): void {
    if (!stream) return;
    stream.removeAllListeners();
    this.#calls.delete(stream);
    stream.cancel();
  }

  #unary<T>(endpoints: Endpoints, ms: number, start: Unary<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const stub = this.#stub(endpoints);
      const call = start(stub, this.#client.getRequestMetadata(), { deadline: Date.now() + ms }, (error, response) => {
        this.#calls.delete(call);
        if (error) {
          reject(error);
        } else {
          resolve(response);
        }
      });
      this.#calls.add(call);
    });
  }

  #stub(endpoints: Endpoints): MessagingServiceClient {
    if (this.#closed) {
      throw new Error('The channel is closed');
    }
    const target = endpoints.getGrpcTarget();
    let stub = this.#stubs.get(target);
    if (!stub) {
      const credentials = this.#client.sslEnabled
        ? ChannelCredentials.createSsl()
        : ChannelCredentials.createInsecure();
      stub = new MessagingServiceClient(target, credentials, CHANNEL_OPTIONS);
      this.#stubs.set(target, stub);
    }
    return stub;
  }
}

/** The client drops every listener of a stream it lets go of; an error after that would end the process. */
function keepErrorsHandled<T extends NodeJS.EventEmitter>(stream: T): T {
  const removeAll = stream.removeAllListeners.bind(stream);
  stream.removeAllListeners = (...events) => {
    // Not with an `undefined` for no event: that removes nothing, and each failed stream would ask for two more.
    removeAll(...events);
    return stream.listenerCount('error') > 0 ? stream : stream.on('error', () => undefined);
  };
  return stream;
}

/** Takes everything, never answers and never ends, so that the client does not come back for another one. */
function deadStream() {
  const stream = new Duplex({ objectMode: true, read: () => undefined, write: (_chunk, _encoding, done) => done() });
  return stream as unknown as ClientDuplexStream<TelemetryCommand, TelemetryCommand>;
}
