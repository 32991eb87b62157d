import { type AddressInfo, connect, createServer, type Server as TcpServer, type Socket } from 'node:net';
import { once } from 'node:events';
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
  status as GrpcStatus,
} from '@grpc/grpc-js';
import definition from 'rocketmq-client-nodejs/proto/apache/rocketmq/v2/definition_pb.js';
import type { Settings } from 'rocketmq-client-nodejs/proto/apache/rocketmq/v2/definition_pb.js';
import { MessagingServiceService } from 'rocketmq-client-nodejs/proto/apache/rocketmq/v2/service_grpc_pb.js';
import type {
  ReceiveMessageRequest,
  ReceiveMessageResponse,
  SendMessageRequest,
} from 'rocketmq-client-nodejs/proto/apache/rocketmq/v2/service_pb.js';
import service from 'rocketmq-client-nodejs/proto/apache/rocketmq/v2/service_pb.js';

const { AddressScheme, Code, MessageType, Permission } = definition;

/** What the fake does with a call; `silent` never answers it. */
export interface FakeBehaviour {
  telemetry: 'answers' | 'silent' | 'refuses';
  /** `none`: of a topic that was deleted. */
  topic: 'normal' | 'none';
  send: 'stores' | 'silent' | 'no-receipt' | 'refuses' | 'fails';
  /** `[]`: says at once that there is nothing. */
  receive: 'waits' | 'refuses' | InstanceType<typeof definition.Message>[];
  farewell: 'answers' | 'silent';
}

/**
 * A gRPC proxy for what a real one cannot be made to do: to go silent in the middle of a start-up, to answer nonsense,
 * to be there and yet unreachable. Clients reach it through a TCP relay that counts their connections and can cut them.
 */
export class FakeBroker {
  readonly behaviour: FakeBehaviour = {
    telemetry: 'answers',
    topic: 'normal',
    send: 'stores',
    receive: 'waits',
    farewell: 'answers',
  };
  readonly sent: string[] = [];
  /** When each receive came, as of performance.now(). */
  readonly receives: number[] = [];
  routeQueries = 0;
  telemetryStreams = 0;
  /** Telemetry streams open now. */
  openTelemetryStreams = 0;
  /** TCP connections ever made. */
  connections = 0;
  readonly #sockets = new Set<Socket>();
  readonly #grpc = new Server();
  readonly #relay: TcpServer;
  #grpcPort = 0;

  private constructor() {
    this.#relay = createServer({ allowHalfOpen: false }, (socket) => this.#forward(socket));
  }

  static async start(): Promise<FakeBroker> {
    const fake = new FakeBroker();
    fake.#grpc.addService(MessagingServiceService, fake.#implementation());
    fake.#grpcPort = await new Promise<number>((resolve, reject) => {
      fake.#grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
    fake.#relay.listen(0, '127.0.0.1');
    await once(fake.#relay, 'listening');
    return fake;
  }

  get endpoints(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** TCP connections open now. */
  get openConnections(): number {
    return this.#sockets.size;
  }

  /** The connections of now carry nothing any more and stay open; new ones work. */
  blackHole(): void {
    for (const socket of this.#sockets) {
      socket.removeAllListeners('data');
      socket.pause();
    }
  }

  /** Breaks the connections of now. */
  reset(): void {
    this.#sockets.forEach((socket) => socket.resetAndDestroy());
  }

  async stop(): Promise<void> {
    this.reset();
    this.#relay.close();
    this.#grpc.forceShutdown();
  }

  get #port(): number {
    return (this.#relay.address() as AddressInfo).port;
  }

  #forward(socket: Socket): void {
    const upstream = connect(this.#grpcPort, '127.0.0.1');
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on('data', (chunk) => upstream.write(chunk));
    upstream.on('data', (chunk) => !socket.isPaused() && socket.write(chunk));
    socket.on('error', () => undefined).on('close', () => (this.#sockets.delete(socket), upstream.destroy()));
    upstream.on('error', () => undefined).on('close', () => socket.destroy());
  }

  #implementation() {
    return {
      queryRoute: this.#answer(() => this.#route()),
      heartbeat: this.#answer(() => new service.HeartbeatResponse().setStatus(ok())),
      sendMessage: this.#answer((request: SendMessageRequest) => this.#store(request)),
      ackMessage: this.#answer(() => new service.AckMessageResponse().setStatus(ok())),
      changeInvisibleDuration: this.#answer(() => new service.ChangeInvisibleDurationResponse().setStatus(ok())),
      notifyClientTermination: this.#answer(() =>
        this.behaviour.farewell === 'silent'
          ? undefined
          : new service.NotifyClientTerminationResponse().setStatus(ok()),
      ),
      telemetry: (stream: ServerDuplexStream<TelemetryCommand, TelemetryCommand>) => this.#telemetry(stream),
      receiveMessage: (call: ServerWritableStream<ReceiveMessageRequest, ReceiveMessageResponse>) =>
        this.#receive(call),
    };
  }

  #answer<Q, S>(make: (request: Q) => S | undefined) {
    return ({ request }: { request: Q }, callback: (error: null, response: S) => void) => {
      const response = make(request);
      if (response !== undefined) callback(null, response);
    };
  }

  #route() {
    this.routeQueries += 1;
    const address = new definition.Address().setHost('127.0.0.1').setPort(this.#port);
    const endpoints = new definition.Endpoints().setScheme(AddressScheme.IPV4).setAddressesList([address]);
    const queue = new definition.MessageQueue()
      .setTopic(new definition.Resource().setName('topic'))
      .setPermission(Permission.READ_WRITE)
      .setBroker(new definition.Broker().setName('fake').setEndpoints(endpoints))
      .setAcceptMessageTypesList([
        this.behaviour.topic === 'none' ? MessageType.MESSAGE_TYPE_UNSPECIFIED : MessageType.NORMAL,
      ]);
    return new service.QueryRouteResponse().setStatus(ok()).setMessageQueuesList([queue]);
  }

  #store(request: SendMessageRequest) {
    const { send } = this.behaviour;
    const [message] = request.getMessagesList();
    this.sent.push(Buffer.from(message?.getBody_asU8() ?? []).toString());
    const response = new service.SendMessageResponse();
    const entry = new service.SendResultEntry().setStatus(ok()).setMessageId('id');
    switch (send) {
      case 'silent':
        return undefined;
      case 'no-receipt':
        return response.setStatus(ok());
      case 'refuses':
        return response.setStatus(status(Code.ILLEGAL_MESSAGE_TAG));
      case 'fails':
        return response.setStatus(status(Code.INTERNAL_SERVER_ERROR));
      case 'stores':
        return response.setStatus(ok()).setEntriesList([entry]);
    }
  }

  #telemetry(stream: ServerDuplexStream<TelemetryCommand, TelemetryCommand>): void {
    this.telemetryStreams += 1;
    this.openTelemetryStreams += 1;
    stream.on('error', () => undefined);
    stream.on('close', () => (this.openTelemetryStreams -= 1));
    stream.on('data', (command: TelemetryCommand) => {
      const settings = command.getSettings();
      if (this.behaviour.telemetry === 'refuses') {
        stream.emit('error', { code: GrpcStatus.INVALID_ARGUMENT, details: 'group not found' });
      } else if (this.behaviour.telemetry === 'answers' && settings) {
        stream.write(new service.TelemetryCommand().setSettings(complete(settings)));
      }
    });
    stream.on('end', () => stream.end());
  }

  #receive(call: ServerWritableStream<ReceiveMessageRequest, ReceiveMessageResponse>): void {
    this.receives.push(performance.now());
    const { receive } = this.behaviour;
    call.on('error', () => undefined);
    if (receive === 'waits') {
      return;
    }
    if (receive === 'refuses') {
      call.write(new service.ReceiveMessageResponse().setStatus(status(Code.ILLEGAL_POLLING_TIME)));
    } else {
      this.behaviour.receive = 'waits';
      receive.forEach((message) => call.write(new service.ReceiveMessageResponse().setMessage(message)));
      call.write(
        new service.ReceiveMessageResponse().setStatus(receive.length > 0 ? ok() : status(Code.MESSAGE_NOT_FOUND)),
      );
    }
    call.end();
  }
}

type TelemetryCommand = InstanceType<typeof service.TelemetryCommand>;

/** The settings of the client with what the real proxy adds. */
function complete(settings: Settings): Settings {
  const backOff = new definition.ExponentialBackoff().setMultiplier(2);
  settings.setBackoffPolicy(new definition.RetryPolicy().setMaxAttempts(3).setExponentialBackoff(backOff));
  settings
    .getPublishing()
    ?.setMaxBodySize(4 * 1024 * 1024)
    .setValidateMessageType(true);
  return settings;
}

function status(code: number) {
  return new definition.Status().setCode(code).setMessage(`fake: ${code}`);
}

function ok() {
  return status(Code.OK);
}
