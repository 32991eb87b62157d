import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Builder } from './builder.mjs';
import { parseDockerfile } from './dockerfile.mjs';
import { parseIgnoreFile } from './ignore-file.mjs';

/** @type {string} */
let folder;
/** @type {string[]} */
let steps;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'container-builder-'));
  steps = [];
  mkdirSync(join(folder, 'context/src/deep'), { recursive: true });
  mkdirSync(join(folder, 'scratch'));
  writeFileSync(join(folder, 'context/package.json'), '{}');
  writeFileSync(join(folder, 'context/.env'), 'SECRET=1');
  writeFileSync(join(folder, 'context/src/deep/a.ts'), 'a');
  writeFileSync(join(folder, 'context/src/deep/a.spec.ts'), 'a');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** @param {string} text */
async function build(text, ignore = '*\n!src\n!package.json\n**/*.spec.ts') {
  const stages = parseDockerfile(text);
  const builder = new Builder({
    stages,
    context: join(folder, 'context'),
    ignored: parseIgnoreFile(ignore),
    scratch: join(folder, 'scratch'),
    report: (step, skipped) => steps.push(skipped ? `${step} (${skipped})` : step),
  });
  let image;
  for (const stage of stages) image = await builder.build(stage);
  return /** @type {import('./builder.mjs').Built} */ (image);
}

describe('Builder', () => {
  it('starts a stage with nothing but what was copied, without what is ignored', async () => {
    const { root } = await build('FROM x\nWORKDIR /app\nCOPY package.json ./\nCOPY src ./src');
    expect(readdirSync(root)).toEqual(['app']);
    expect(readdirSync(join(root, 'app'))).toEqual(['package.json', 'src']);
    expect(readdirSync(join(root, 'app/src/deep'))).toEqual(['a.ts']);
  });

  it.each(['.env', 'nothing'])('refuses to copy %s, which is ignored or missing', async (source) => {
    await expect(build(`FROM x\nCOPY ${source} ./`)).rejects.toThrow(`Dockerfile line 2: COPY finds no ${source}`);
  });

  it('runs commands in the work folder with the variables of the stage', async () => {
    const { root } = await build('FROM x\nENV WORD=hello\nWORKDIR /app\nRUN printf $WORD > said');
    expect(readFileSync(join(root, 'app/said'), 'utf8')).toBe('hello');
  });

  it('fails with the output of a command that fails', async () => {
    await expect(build('FROM x\nRUN echo broken >&2; exit 3')).rejects.toThrow(/line 2: RUN .* ended with 3\nbroken/);
  });

  it('tells a step apart that only an engine could do', async () => {
    await build('FROM x\nRUN apt-get install -y y');
    expect(steps).toEqual(['RUN apt-get install -y y (changes packages, users or owners of the image)']);
  });

  it('gives each stage its own copy of the one below, and takes single files and folders from a stage', async () => {
    const { root, workdir, user, command } = await build(`
      FROM x AS deps
      WORKDIR /app
      COPY package.json ./
      FROM deps AS one
      RUN echo one > package.json
      FROM deps AS two
      RUN echo two > two
      FROM x
      WORKDIR /srv
      COPY --from=two /app ./two
      COPY --from=one /app/package.json ./one.json
      USER node
      CMD ["node"]`);
    expect(readFileSync(join(root, 'srv/two/package.json'), 'utf8')).toBe('{}');
    expect(existsSync(join(root, 'srv/two/two'))).toBe(true);
    expect(readFileSync(join(root, 'srv/one.json'), 'utf8')).toBe('one\n');
    expect([workdir, user, command]).toEqual(['/srv', 'node', ['node']]);
  });
});
