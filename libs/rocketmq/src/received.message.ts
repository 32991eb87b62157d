import { gunzipSync } from 'node:zlib';
import definition from 'rocketmq-client-nodejs/proto/apache/rocketmq/v2/definition_pb.js';
import type { ReceiveMessageResponse } from 'rocketmq-client-nodejs/proto/apache/rocketmq/v2/service_pb.js';

const { Digest, Encoding } = definition;

/** What a compressed body may unpack to, in bytes: four megabytes can hold four gigabytes. */
const MOST_UNPACKED = 64 * 1024 * 1024;

/**
 * The client unpacks all messages of a receive in one go, and throws them all away when one cannot be unpacked, each time
 * they come again. So a body that says it is compressed and is not (other clients compress in other ways) is passed on as
 * plain bytes, which makes that one message poison and leaves the others alone.
 */
export function makeDecodable(response: ReceiveMessageResponse): ReceiveMessageResponse {
  const message = response.getMessage();
  const properties = message?.getSystemProperties();
  if (message && properties) {
    if (!properties.hasBodyDigest()) {
      properties.setBodyDigest(new Digest());
    }
    if (properties.getBodyEncoding() === Encoding.GZIP && !canUnpack(message.getBody_asU8())) {
      properties.setBodyEncoding(Encoding.IDENTITY);
    }
  }
  return response;
}

function canUnpack(body: Uint8Array): boolean {
  try {
    gunzipSync(body, { maxOutputLength: MOST_UNPACKED });
    return true;
  } catch {
    return false;
  }
}
