import type { Env } from '@app/common';
import type { RocketmqOptions } from '@app/rocketmq';

/** How the broker is reached and its messages are signed, for every topic alike. */
export function brokerOptions(env: Env): Omit<RocketmqOptions, 'topic'> {
  const { ROCKETMQ_ACCESS_KEY: accessKey, ROCKETMQ_SECRET_KEY: accessSecret } = env;
  return {
    endpoints: env.ROCKETMQ_ENDPOINTS!,
    namespace: env.ROCKETMQ_NAMESPACE,
    sslEnabled: env.ROCKETMQ_TLS,
    credentials: accessKey && accessSecret ? { accessKey, accessSecret } : undefined,
    seal: { keys: env.EVENT_KEYS, acceptUnsigned: env.EVENT_UNSIGNED === 'accept' },
  };
}
