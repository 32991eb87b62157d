import { describe, expect, it } from 'vitest';
import { pickPackages } from './apt.mjs';
import { NEEDS, missingPrograms } from './programs.mjs';

const POLICY = `redis-tools:
  Installed: (none)
  Candidate: 5:7.0.15-1
  Version table:
     5:7.0.15-1 500
        500 http://mirror.invalid/debian bookworm/main amd64 Packages
openjdk-17-jre-headless:
  Installed: (none)
  Candidate: (none)
  Version table:
openjdk-21-jre-headless:
  Installed: 21.0.1
  Candidate: 21.0.2
  Version table:
`;

describe('pickPackages', () => {
  it('takes the first of each list that can be installed', () => {
    const lists = [['redis-tools'], ['openjdk-17-jre-headless', 'openjdk-21-jre-headless']];
    expect(pickPackages(POLICY, lists)).toEqual(['redis-tools', 'openjdk-21-jre-headless']);
  });

  it('has no answer when one list has none', () => {
    expect(pickPackages(POLICY, [['redis-tools'], ['maven']])).toBeNull();
    expect(pickPackages('', [['redis-tools']])).toBeNull();
  });
});

describe('the packages we ask for', () => {
  it('start no daemon', () => {
    const names = Object.values(NEEDS).flatMap(({ packages }) => packages.flat());
    expect(
      names.filter((name) => /^(redis|redis-server|mariadb-server(-[\d.]+)?|default-mysql-server)$/.test(name)),
    ).toEqual([]);
  });

  it('are named, one sentence per missing part, when we may not install them', () => {
    const { message } = missingPrograms([NEEDS.redis, NEEDS.mariadb], 'Only root may use apt-get.');
    expect(message.split('\n')).toEqual([
      expect.stringMatching(/^Redis .* is missing: .*apt-get install redis-tools.* or set REDIS_URL\.$/),
      expect.stringMatching(/^MariaDB is missing: .*mariadb-server-core mariadb-client-core.* or set DATABASE_URL\.$/),
      'Only root may use apt-get.',
    ]);
  });
});
