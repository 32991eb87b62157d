import { isIPv4, isIPv6 } from 'node:net';

/** Counted together: whoever has no address, which only a proxy of ours can have caused. */
const NOWHERE = 'nowhere';
/** The groups of an IPv6 address that name a network; who has one has all 2^64 addresses in it. */
const NETWORK_GROUPS = 4;

/** Under what the requests from an address are counted: an IPv4 address, or the /64 of an IPv6 one. */
export function addressKey(ip: string | undefined): string {
  if (ip === undefined) return NOWHERE;
  // IPv4 as an IPv6 socket shows it, or with the port that some proxies add.
  const [, ipv4 = ip] = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/i.exec(ip) ?? [];
  if (isIPv4(ipv4)) return ipv4;
  return isIPv6(ip) ? networkOf(ip) : NOWHERE;
}

function networkOf(ip: string): string {
  const [head = '', tail] = ip.split('%', 1)[0]!.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length - (tail.includes('.') ? 1 : 0);
  const groups = [...first, ...Array<string>(zeros).fill('0'), ...last].slice(0, NETWORK_GROUPS);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::`;
}
