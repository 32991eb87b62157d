import { describe, expect, it } from 'vitest';
import { addressKey } from './client-address.js';

describe(addressKey.name, () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['192.0.2.7:50123', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2::'],
    ['2001:db8::9', '2001:db8:0:0::'],
    ['2001:db8::', '2001:db8:0:0::'],
    ['fe80::1%eth0', 'fe80:0:0:0::'],
    ['::1', '0:0:0:0::'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::'],
    ['1:2:3:4:5:6:192.0.2.7', '1:2:3:4::'],
    ['unknown', 'nowhere'],
    ['999.0.0.1', 'nowhere'],
    ['1.2.3.4, 5.6.7.8', 'nowhere'],
    ['\r\nSET x', 'nowhere'],
    [undefined, 'nowhere'],
  ])('counts %s under %s', (ip, key) => expect(addressKey(ip)).toBe(key));
});
