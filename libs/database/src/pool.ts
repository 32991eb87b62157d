/** Connections to MySQL of one process. Work beyond them waits in `Database`, bounded in number and time. */
export const POOL_SIZE = 10;
