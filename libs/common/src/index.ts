export { AppError, ERRORS } from './app-error.js';
export type { ErrorCode, ErrorDetail } from './app-error.js';
export { Env, EnvError, readEnv } from './env.js';
export { EnvModule } from './env.module.js';
