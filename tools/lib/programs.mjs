import { execFile } from 'node:child_process';
import { accessSync, constants, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { Failure } from './failure.mjs';

/**
 * A program the private servers or the tests need.
 * @typedef {object} Need
 * @property {string} title
 * @property {string[][]} packages Debian packages that bring it and start no daemon; of each list the first one available
 * @property {string} elsewhere how to get it on another system
 * @property {string} [instead] the setting that makes it unnecessary
 * @property {(dataDir: string) => Promise<Record<string, string> | null>} find paths of the programs, null when missing
 */

/** @type {Record<'redis' | 'mariadb' | 'java' | 'maven' | 'chromium', Need>} */
export const NEEDS = {
  redis: {
    title: 'Redis ≥ 6.2',
    packages: [['redis-tools']],
    elsewhere: 'brew install redis',
    instead: 'REDIS_URL',
    find: findRedis,
  },
  mariadb: {
    title: 'MariaDB',
    // my_print_defaults, which mariadb-install-db calls, is in the client's package.
    packages: [
      ['mariadb-server-core', 'mariadb-server-core-10.6', 'mariadb-server-core-10.5'],
      ['mariadb-client-core', 'mariadb-client-core-10.6', 'mariadb-client-core-10.5'],
    ],
    elsewhere: 'brew install mariadb',
    instead: 'DATABASE_URL',
    find: async () => {
      const mariadbd = onPath('mariadbd');
      const installer = onPath('mariadb-install-db');
      return mariadbd && installer && onPath('my_print_defaults') ? { mariadbd, installer } : null;
    },
  },
  java: {
    title: 'Java ≥ 17',
    packages: [['openjdk-17-jre-headless', 'openjdk-21-jre-headless', 'openjdk-25-jre-headless']],
    elsewhere: 'brew install openjdk@17',
    instead: 'ROCKETMQ_ENDPOINTS (or TRANSPORT=in-process)',
    find: findJava,
  },
  maven: {
    title: 'Maven',
    packages: [['maven']],
    elsewhere: 'brew install maven',
    instead: 'ROCKETMQ_ENDPOINTS (or TRANSPORT=in-process)',
    find: async () => {
      const mvn = onPath('mvn');
      return mvn ? { mvn } : null;
    },
  },
  chromium: {
    title: 'Chromium',
    packages: [['chromium']],
    elsewhere: 'brew install chromium',
    instead: 'CHROMIUM, the path of a Chromium or Chrome,',
    find: async () => {
      const named = process.env['CHROMIUM'];
      const chromium = named ? executable(named) : CHROMIUMS.map(onPath).find((path) => path !== null);
      return chromium ? { chromium } : null;
    },
  },
};

/** Ubuntu's `chromium-browser` only tells to install a snap, and is left out. */
const CHROMIUMS = ['chromium', 'google-chrome-stable', 'google-chrome'];

/** Servers live in folders that a plain user's PATH often lacks. */
const EXTRA_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

/** @param {string} name @returns {string | null} */
export function onPath(name) {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean), ...EXTRA_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

/** @param {string} path */
function executable(path) {
  return isExecutable(path) ? path : null;
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} dataDir
 * @returns {Promise<Record<string, string> | null>}
 */
async function findRedis(dataDir) {
  const redis = onPath('redis-server') ?? redisUnderItsName(dataDir);
  if (redis === null) return null;
  return (await isAtLeast(redis, ['--version'], /v=(\d+)\.(\d+)/, [6, 2])) ? { redis } : null;
}

/**
 * Debian's `redis-tools` holds the server's program without its name: it is one file, `redis-server` in its package is
 * only a link to `redis-check-rdb`, and the name it is called by decides what it does.
 * @param {string} dataDir
 */
function redisUnderItsName(dataDir) {
  const program = onPath('redis-check-rdb');
  if (program === null) return null;
  const link = join(dataDir, 'bin', 'redis-server');
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(program, link);
  return link;
}

/** @returns {Promise<Record<string, string> | null>} */
async function findJava() {
  const home = process.env['JAVA_HOME'];
  const candidates = [home && join(home, 'bin', 'java'), onPath('java'), ...installedJavas()];
  for (const java of candidates) {
    if (java && isExecutable(java) && (await isAtLeast(java, ['-version'], /version "(\d+)(?:\.(\d+))?/, [17, 0]))) {
      return { java };
    }
  }
  return null;
}

/** All of them: the one on the PATH may be too old. */
function installedJavas() {
  try {
    return readdirSync('/usr/lib/jvm').map((name) => join('/usr/lib/jvm', name, 'bin', 'java'));
  } catch {
    return [];
  }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {RegExp} pattern with major and minor version as groups
 * @param {[number, number]} least
 * @returns {Promise<boolean>}
 */
function isAtLeast(program, args, pattern, least) {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 20_000 }, (error, stdout, stderr) => {
      const [, major, minor = 0] = pattern.exec(`${stdout}${stderr}`) ?? [];
      const newer = Number(major) - least[0] || Number(minor) - least[1];
      resolve(!error && newer >= 0);
    });
  });
}

/**
 * @param {(keyof typeof NEEDS)[]} names
 * @param {string} dataDir
 * @returns {Promise<{ found: Record<string, string>, missing: Need[] }>}
 */
export async function findPrograms(names, dataDir) {
  const answers = await Promise.all(
    names.map(async (name) => ({ need: NEEDS[name], paths: await NEEDS[name].find(dataDir) })),
  );
  return {
    found: Object.assign({}, ...answers.map(({ paths }) => paths ?? {})),
    missing: answers.filter(({ paths }) => paths === null).map(({ need }) => need),
  };
}

/** One sentence per missing part, each saying how to get it. @param {Need[]} missing @param {string} why */
export function missingPrograms(missing, why) {
  const sentences = missing.map(({ title, packages, elsewhere, instead }) => {
    const apt = `apt-get install ${packages.map(([first]) => first).join(' ')}`;
    return `${title} is missing: install it (Debian, Ubuntu: ${apt}; macOS: ${elsewhere}) or set ${instead}.`;
  });
  return new Failure([...sentences, why].join('\n'));
}
