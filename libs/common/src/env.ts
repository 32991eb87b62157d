import 'reflect-metadata';
import { isIP } from 'node:net';
import { plainToInstance, Transform } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  MinLength,
  ValidateBy,
  type ValidationOptions,
  validateSync,
} from 'class-validator';
import { validateCronExpression } from 'cron';
import { brokerFaults, productionFaults, tokenFaults, urlFaults } from './env-faults.js';

const toInt = Transform(({ value }: { value: unknown }) =>
  typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value,
);
const toNumber = Transform(({ value }: { value: unknown }) =>
  typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value,
);
const toBoolean = Transform(({ value }: { value: unknown }) =>
  value === 'true' ? true : value === 'false' || value === '' ? false : value,
);
const toList = Transform(({ value }: { value: unknown }) =>
  typeof value === 'string' ? value.split(',').filter(Boolean) : value,
);

/** An IP address, a network such as 10.0.0.0/8, or a name for usual ones. */
function IsNetwork(options: ValidationOptions): PropertyDecorator {
  const defaultMessage = () => 'must be addresses or networks, such as 10.0.0.0/8, or loopback, linklocal, uniquelocal';
  return ValidateBy({ name: 'isNetwork', validator: { validate: isNetwork, defaultMessage } }, options);
}

function isNetwork(value: unknown): boolean {
  const [address = '', bits, more] = String(value).split('/');
  if (bits === undefined && ['loopback', 'linklocal', 'uniquelocal'].includes(address)) return true;
  const version = isIP(address);
  // Zero bits would be everybody.
  const bitsFit = bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
  return version !== 0 && bitsFit && more === undefined;
}

/** When the clock starts something: a cron expression of five or six fields, in UTC, or `off`. */
function IsSchedule(): PropertyDecorator {
  const validate = (value: unknown) => value === 'off' || validateCronExpression(String(value)).valid;
  const defaultMessage = () => 'must be a cron expression, such as "0 * * * *", or off';
  return ValidateBy({ name: 'isSchedule', validator: { validate, defaultMessage } });
}

const MIN_DAYS = 7;

/** A message that comes again must find the line it has left, or it would be logged twice: brokers keep three days. */
function IsDaysToKeep(): PropertyDecorator {
  const validate = (value: unknown) => value === 0 || (Number(value) >= MIN_DAYS && Number(value) <= 36_500);
  return ValidateBy({
    name: 'isDaysToKeep',
    validator: { validate, defaultMessage: () => `must be 0 or ≥ ${MIN_DAYS}` },
  });
}

/** So many requests in so many seconds. */
export interface RateLimit {
  readonly limit: number;
  readonly windowSeconds: number;
}

const toRateLimit = Transform(({ value }: { value: unknown }) => {
  const [, limit, windowSeconds] = /^([1-9]\d{0,6})\/([1-9]\d{0,3})$/.exec(String(value)) ?? [];
  return limit === undefined ? value : { limit: Number(limit), windowSeconds: Number(windowSeconds) };
});
const IsRateLimit = () => IsObject({ message: 'must be requests/seconds, such as 100/10' });

/** Every setting of the service, read once from the environment. The README's table lists the same names. */
export class Env {
  @IsIn(['development', 'test', 'production'])
  NODE_ENV: 'development' | 'test' | 'production' = 'development';

  @IsString()
  HOST = '127.0.0.1';

  @toInt
  @IsInt()
  @Min(1)
  @Max(65_535)
  PORT = 3000;

  /** `/metrics` is there, on the same HOST, and not on PORT. */
  @IsOptional()
  @toInt
  @IsInt()
  @Min(1)
  @Max(65_535)
  METRICS_PORT?: number;

  /** The bearer token that `/metrics` asks for. */
  @IsOptional()
  @Matches(/^[\x21-\x7e]{16,256}$/)
  METRICS_TOKEN?: string;

  /** Names this process as a consumer of the outbox; a restart under the same name takes its own entries up at once. */
  @IsOptional()
  @Matches(/^[\w.:-]{1,100}$/)
  INSTANCE_ID?: string;

  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
  LOG_LEVEL = 'info';

  @Matches(/^rediss?:\/\//)
  REDIS_URL!: string;

  /** Independent lock nodes for Redlock; the live Redis alone when empty. */
  @toList
  @Matches(/^rediss?:\/\//, { each: true })
  LOCK_REDIS_URLS: string[] = [];

  /** `noop` grants every lock: the proof that correctness never rests on one. */
  @IsIn(['redlock', 'noop'])
  LOCK: 'redlock' | 'noop' = 'redlock';

  @toInt
  @IsInt()
  @Min(100)
  @Max(60_000)
  LOCK_WAIT_MS = 3000;

  @toInt
  @IsInt()
  @Min(500)
  @Max(60_000)
  LOCK_LEASE_MS = 5000;

  @Matches(/^(mysql|mariadb):\/\//)
  DATABASE_URL!: string;

  /** The connection to MySQL is encrypted, and the server's certificate is checked. */
  @toBoolean
  @IsBoolean()
  DATABASE_SSL = false;

  /** File of the CA that signed it, PEM; without it Node's own CAs count. */
  @IsOptional()
  @IsNotEmpty()
  DATABASE_CA?: string;

  @IsIn(['rocketmq', 'in-process'])
  TRANSPORT: 'rocketmq' | 'in-process' = 'rocketmq';

  /** gRPC proxy of RocketMQ 5, `host:port`; required unless TRANSPORT=in-process. */
  @IsOptional()
  @IsString()
  ROCKETMQ_ENDPOINTS?: string;

  /** Of an account of the broker; both or neither. */
  @IsOptional()
  @IsNotEmpty()
  ROCKETMQ_ACCESS_KEY?: string;

  @IsOptional()
  @IsNotEmpty()
  ROCKETMQ_SECRET_KEY?: string;

  @toBoolean
  @IsBoolean()
  ROCKETMQ_TLS = false;

  @Matches(/^[\w-]{0,64}$/)
  ROCKETMQ_NAMESPACE = '';

  /** `kid:secret,…`: the first signs the messages to the broker, all of them verify. Required unless TRANSPORT=in-process. */
  @toList
  @Matches(/^[A-Za-z0-9]{1,16}:\S{32,}$/, { each: true })
  EVENT_KEYS: string[] = [];

  /** `accept` takes messages without a seal, for the time of an upgrade. */
  @IsIn(['refuse', 'accept'])
  EVENT_UNSIGNED: 'refuse' | 'accept' = 'refuse';

  @Matches(/^[\w-]{1,64}$/)
  ROCKETMQ_TOPIC = 'cart-changed';

  @Matches(/^[\w-]{1,64}$/)
  ROCKETMQ_GROUP = 'cart-table';

  /** Where others are told of shoppers: prices that fell, SKUs that are back, carts that were left or paid for. */
  @Matches(/^[\w-]{1,64}$/)
  SHOPPER_EVENTS_TOPIC = 'shopper-events';

  /** How long an event is kept after it was sent, days; so long a shopper is told a price once. */
  @toInt
  @IsInt()
  @Min(1)
  @Max(3_650)
  SHOPPER_EVENTS_DAYS = 30;

  /** A price that is lower by so many percent of what a shopper knows is worth telling. */
  @toInt
  @IsInt()
  @Min(1)
  @Max(99)
  PRICE_DROP_PERCENT = 5;

  /** A user's cart with items that nobody has changed for so long was left; 0: nobody is told. */
  @toInt
  @IsInt()
  @Min(0)
  @Max(8_760)
  ABANDONED_AFTER_HOURS = 1;

  /** HS256 secret of the shop's tokens, at least 32 bytes; or else JWT_JWKS_URL. */
  @IsOptional()
  @MinLength(32)
  JWT_SECRET?: string;

  /** Where the public keys of the shop's tokens are; instead of JWT_SECRET. */
  @IsOptional()
  @IsString()
  JWT_JWKS_URL?: string;

  @IsNotEmpty()
  JWT_ISSUER = 'shopping-cart';

  @IsNotEmpty()
  JWT_AUDIENCE = 'shopping-cart';

  /** `kid:secret,…`: the first signs guest tokens, all of them verify. Secrets of at least 32 bytes. */
  @toList
  @Matches(/^[A-Za-z0-9]{1,16}:\S{32,}$/, { each: true })
  GUEST_KEYS!: string[];

  @toBoolean
  @IsBoolean()
  DEV_LOGIN = false;

  /** `off` for tests, benchmarks, and where something in front of the service limits already. */
  @IsIn(['on', 'off'])
  RATE_LIMITS: 'on' | 'off' = 'on';

  /** Reads of one user or guest. */
  @toRateLimit
  @IsRateLimit()
  RATE_LIMIT_READS: RateLimit = { limit: 300, windowSeconds: 10 };

  /** Writes of one user or guest. */
  @toRateLimit
  @IsRateLimit()
  RATE_LIMIT_WRITES: RateLimit = { limit: 150, windowSeconds: 10 };

  /** Requests of all who have no user's token, guests included, from one address. */
  @toRateLimit
  @IsRateLimit()
  RATE_LIMIT_ADDRESS: RateLimit = { limit: 3000, windowSeconds: 10 };

  /** New guest carts from one address. */
  @toRateLimit
  @IsRateLimit()
  RATE_LIMIT_GUEST_CARTS: RateLimit = { limit: 60, windowSeconds: 60 };

  /** Refused tokens and missing roles from one address. */
  @toRateLimit
  @IsRateLimit()
  RATE_LIMIT_FAILURES: RateLimit = { limit: 120, windowSeconds: 60 };

  /** Addresses and networks of the proxies in front, whose X-Forwarded-For is believed; nobody's when empty. */
  @toList
  @IsNetwork({ each: true })
  TRUST_PROXY: string[] = [];

  /** Origins of the pages of other sites that may call the API from a browser, such as `https://shop.example`. */
  @toList
  @Matches(/^https?:\/\/[a-z0-9.-]+(:\d{1,5})?$/, {
    each: true,
    message: 'must be origins, such as https://shop.example',
  })
  CORS_ORIGINS: string[] = [];

  /** When the carts active since the last run are compared with MySQL. */
  @IsSchedule()
  SYNC_HOURLY_CRON = '0 * * * *';

  /** When all loaded carts are. */
  @IsSchedule()
  SYNC_DAILY_CRON = '30 3 * * *';

  /** Entries of the outbox; beyond them a changed cart is marked, and repaired when there is room again. */
  @toInt
  @IsInt()
  @Min(1)
  @Max(100_000_000)
  OUTBOX_MAX_ENTRIES = 500_000;

  /** A process that has given no sign of life for so long is dead: another one relays what it had read from the outbox. */
  @toInt
  @IsInt()
  @Min(500)
  @Max(600_000)
  SILENT_AFTER_MS = 15_000;

  /** A merge or an order that is still unfinished after so long has lost its process: a sweeper finishes it. */
  @toInt
  @IsInt()
  @Min(500)
  @Max(600_000)
  UNFINISHED_AFTER_MS = 10_000;

  /** An order's change that is not in MySQL after so long has lost its message: the sweeper writes it. */
  @toInt
  @IsInt()
  @Min(500)
  @Max(600_000)
  EVENT_LATE_MS = 15_000;

  /** Days without a change after which a cart leaves Redis, when MySQL has all of it; 0: never. Parts of a day too. */
  @toNumber
  @IsNumber()
  @Min(0)
  @Max(36_500)
  EVICT_IDLE_DAYS = 90;

  /** When idle carts are looked for. */
  @IsSchedule()
  EVICT_CRON = '45 4 * * *';

  /** When it is learned from paid orders what is bought together. */
  @IsSchedule()
  RECOMMENDATIONS_CRON = '15 5 * * *';

  /** Orders of so many days are learned from. */
  @toInt
  @IsInt()
  @Min(1)
  @Max(3_650)
  RECOMMENDATIONS_DAYS = 180;

  /** How long a line of the change log is kept, days; 0: for ever. Never shorter than the broker keeps a message. */
  @toInt
  @IsInt()
  @IsDaysToKeep()
  CHANGE_LOG_DAYS = 365;

  /** How long an order waits to be paid, seconds; then it expires, and stock, coupons and items go back. */
  @toInt
  @IsInt()
  @Min(1)
  @Max(2_592_000)
  ORDER_TTL_SECONDS = 1800;

  /** Orders that one shopper may have waiting to be paid. */
  @toInt
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  MAX_PENDING_ORDERS = 5;

  /** After this long a checkout is answered, whatever it waits for, ms: so that the answer is there within 5 s. */
  @toInt
  @IsInt()
  @Min(500)
  @Max(60_000)
  CHECKOUT_TIMEOUT_MS = 4_500;

  /** Where the shop's own order service takes orders; without it this service keeps them alone. */
  @IsOptional()
  @Matches(/^https?:\/\/\S+$/)
  ORDER_SERVICE_URL?: string;

  @toInt
  @IsInt()
  @Min(100)
  @Max(20_000)
  ORDER_SERVICE_TIMEOUT_MS = 3000;

  /** Everybody pays their own orders with a click: for demonstrations. */
  @toBoolean
  @IsBoolean()
  DEMO_PAY = false;

  @Matches(/^[A-Z]{3}$/)
  CURRENCY = 'CNY';

  @toInt
  @IsInt()
  @Min(1)
  @Max(10_000)
  MAX_SKUS = 120;

  @toInt
  @IsInt()
  @Min(1)
  @Max(2_147_483_647)
  MAX_QUANTITY_PER_SKU = 99;

  @toInt
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  LOW_STOCK_THRESHOLD = 5;

  /** Whether new items are selected; `inherit`: as the shopper last chose for an item. */
  @IsIn(['all', 'none', 'inherit'])
  SELECT_NEW: 'all' | 'none' | 'inherit' = 'all';
}

/** A setting is missing or wrong; the message names each one. The value is never repeated: it may be a secret. */
export class EnvError extends Error {}

/** Reads and checks the settings. Throws {@link EnvError}. */
export function readEnv(source: NodeJS.ProcessEnv = process.env): Env {
  const known = Object.keys(source).filter((name) => /^[A-Z_]+$/.test(name) && source[name] !== '');
  const env = plainToInstance(Env, Object.fromEntries(known.map((name) => [name, source[name]])), {
    exposeDefaultValues: true,
  });
  const faults = validateSync(env).map((e) => `${e.property}: ${Object.values(e.constraints ?? {}).join(', ')}`);
  faults.push(...tokenFaults(env), ...brokerFaults(env), ...urlFaults(env));
  if (env.NODE_ENV === 'production') faults.push(...productionFaults(env, source));
  if (faults.length > 0) throw new EnvError(`The settings are not usable.\n  ${faults.join('\n  ')}`);
  return env;
}
