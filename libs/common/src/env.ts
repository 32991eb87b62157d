import 'reflect-metadata';
import { plainToInstance, Transform } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  MinLength,
  validateSync,
} from 'class-validator';

const toInt = Transform(({ value }: { value: unknown }) =>
  typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value,
);
const toBoolean = Transform(({ value }: { value: unknown }) =>
  value === 'true' ? true : value === 'false' || value === '' ? false : value,
);
const toList = Transform(({ value }: { value: unknown }) =>
  typeof value === 'string' ? value.split(',').filter(Boolean) : value,
);

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

  @IsIn(['rocketmq', 'in-process'])
  TRANSPORT: 'rocketmq' | 'in-process' = 'rocketmq';

  /** gRPC proxy of RocketMQ 5, `host:port`; required unless TRANSPORT=in-process. */
  @IsOptional()
  @IsString()
  ROCKETMQ_ENDPOINTS?: string;

  @Matches(/^[\w-]{1,64}$/)
  ROCKETMQ_TOPIC = 'cart-changed';

  @Matches(/^[\w-]{1,64}$/)
  ROCKETMQ_GROUP = 'cart-table';

  /** HS256 secret of the shop's tokens, at least 32 bytes. */
  @MinLength(32)
  JWT_SECRET!: string;

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

  @IsIn(['all', 'none'])
  SELECT_NEW: 'all' | 'none' = 'all';
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
  if (env.TRANSPORT === 'rocketmq' && !env.ROCKETMQ_ENDPOINTS) {
    faults.push('ROCKETMQ_ENDPOINTS: required unless TRANSPORT=in-process');
  }
  if (env.NODE_ENV === 'production') {
    if (env.DEV_LOGIN) faults.push('DEV_LOGIN: not in production');
    if (env.LOCK === 'noop') faults.push('LOCK: noop is for tests, not for production');
  }
  if (faults.length > 0) throw new EnvError(`The settings are not usable.\n  ${faults.join('\n  ')}`);
  return env;
}
