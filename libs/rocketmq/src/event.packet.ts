import type { PacketMetadata } from '@nestjs/microservices';
import { PayloadTooLargeError } from './transport.errors.js';

/**
 * The largest body that is sent. The broker refuses a *stored* message over 4 MiB, and that counts topic, keys, tag and
 * properties too; they get the margin.
 */
export const MAX_BODY_BYTES = 4 * 1024 * 1024 - 64 * 1024;

/** What travels in the body of a message, as JSON. `data` may be an array: many events in one message. */
export interface EventPacket {
  pattern: string;
  data: unknown;
  metadata?: PacketMetadata;
}

/**
 * Why a message can never be handled: its body is not JSON, or JSON but not a packet of ours, or a packet whose pattern
 * nobody here listens to. Or it must not be: it has no seal, or one that is not ours.
 */
export type PoisonReason = UnreadableReason | 'no-handler' | 'unsigned' | 'foreign';
export type UnreadableReason = 'not-json' | 'not-a-packet';

/**
 * A tag may not hold `|` (the separator in subscriptions), white space or control characters, or the broker refuses the
 * whole message.
 */
const LEGAL_TAG = /^[^\s|\p{Cc}]{1,128}$/u;

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** @throws {PayloadTooLargeError}, or TypeError when the pattern cannot be a tag */
export function encodePacket({ pattern, data, metadata }: EventPacket): Buffer {
  if (!LEGAL_TAG.test(pattern)) {
    throw new TypeError(`The pattern ${JSON.stringify(pattern)} cannot be a message tag`);
  }
  const body = Buffer.from(JSON.stringify({ pattern, data, metadata }));
  if (body.length > MAX_BODY_BYTES) {
    throw new PayloadTooLargeError(body.length, MAX_BODY_BYTES);
  }
  return body;
}

/** Bodies are untrusted: anybody who may write to the topic chose these bytes. */
export function decodePacket(body: Buffer): EventPacket | UnreadableReason {
  let value: unknown;
  try {
    value = JSON.parse(UTF_8.decode(body));
  } catch {
    return 'not-json';
  }
  return isPacket(value) ? value : 'not-a-packet';
}

function isPacket(value: unknown): value is EventPacket {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pattern' in value &&
    typeof value.pattern === 'string' &&
    'data' in value &&
    (!('metadata' in value) || isMetadata(value.metadata))
  );
}

function isMetadata(value: unknown): value is PacketMetadata {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every((entry) => typeof entry === 'string')
  );
}
