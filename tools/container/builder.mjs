import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { containerOnly, DockerfileError, parseAssignments, parseCommand, parseCopy } from './dockerfile.mjs';
import { run } from './shell.mjs';

/**
 * @typedef {import('./dockerfile.mjs').Stage} Stage
 * @typedef {import('./dockerfile.mjs').Instruction} Instruction
 *
 * A stage as a folder that stands for the root of its file system.
 * @typedef {object} Built
 * @property {string} root
 * @property {string} workdir
 * @property {string} user
 * @property {Record<string, string>} env
 * @property {string[] | undefined} command
 * @property {string[] | undefined} healthcheck
 */

const RUN_TIMEOUT_MS = 240_000;

/** Builds the stages one after the other, each in an empty folder. */
export class Builder {
  /** @type {Map<string, Built>} */
  #stages = new Map();

  /**
   * @param {object} options
   * @param {Stage[]} options.stages all of the file
   * @param {string} options.context folder
   * @param {(path: string) => boolean} options.ignored
   * @param {string} options.scratch empty folder for the stages
   * @param {(text: string, skipped?: string) => void} options.report called for each step that was done
   */
  constructor({ stages, context, ignored, scratch, report }) {
    this.stages = stages;
    this.context = context;
    this.ignored = ignored;
    this.scratch = scratch;
    this.report = report;
  }

  /** @param {Stage} stage @returns {Promise<Built>} */
  async build(stage) {
    const built = await this.#start(stage);
    for (const instruction of stage.instructions) await this.#execute(built, instruction);
    this.#stages.set(stage.name, built);
    return built;
  }

  /** @param {Stage} stage @returns {Promise<Built>} */
  async #start({ name, base }) {
    const root = join(this.scratch, name);
    const parent = this.#stages.get(base);
    if (parent && this.#uses(base) === 1) renameSync(parent.root, root);
    else mkdirSync(root);
    if (!parent) return { root, workdir: '/', user: 'root', env: {}, command: undefined, healthcheck: undefined };
    if (this.#uses(base) > 1) await copyTree(parent.root, root);
    return { ...parent, env: { ...parent.env }, root };
  }

  /** How many steps start or copy from a stage. @param {string} name */
  #uses(name) {
    const copies = this.stages.flatMap((stage) => stage.instructions.filter((step) => step.name === 'COPY'));
    const bases = this.stages.filter((stage) => stage.base === name);
    return bases.length + copies.filter((step) => parseCopy(step).from === name).length;
  }

  /** @param {Built} built @param {Instruction} instruction */
  async #execute(built, instruction) {
    switch (instruction.name) {
      case 'WORKDIR':
        built.workdir = join('/', built.workdir, instruction.args);
        mkdirSync(join(built.root, built.workdir), { recursive: true });
        return;
      case 'ENV':
      case 'ARG':
        Object.assign(built.env, parseAssignments(instruction));
        return;
      case 'USER':
        built.user = instruction.args;
        return;
      case 'CMD':
        built.command = parseCommand(instruction);
        return;
      case 'HEALTHCHECK':
        built.healthcheck = parseCommand(instruction);
        return;
      case 'COPY':
        return this.#copy(built, instruction);
      case 'RUN':
        return this.#run(built, instruction);
    }
  }

  /** @param {Built} built @param {Instruction} instruction */
  async #copy(built, instruction) {
    const { from, sources, target } = parseCopy(instruction);
    const stage = from === undefined ? undefined : this.#stages.get(from);
    if (from !== undefined && !stage) throw new DockerfileError(instruction.line, `there is no stage ${from} above`);
    const into = join(built.root, target.startsWith('/') ? target : join(built.workdir, target));
    for (const source of sources) {
      const path = join(stage?.root ?? this.context, source);
      if (!existsSync(path) || (!stage && this.#leftOut(path))) {
        throw new DockerfileError(instruction.line, `COPY finds no ${source}`);
      }
      const isFolder = statSync(path).isDirectory();
      const destination =
        !isFolder && (target.endsWith('/') || sources.length > 1) ? join(into, basename(source)) : into;
      mkdirSync(isFolder ? destination : dirname(destination), { recursive: true });
      // Nothing runs in a stage that is done, so its files may be shared.
      if (stage && isFolder) await copyTree(path, destination, ['-l']);
      else
        cpSync(path, destination, { recursive: true, filter: (file) => stage !== undefined || !this.#leftOut(file) });
    }
    this.report(`COPY ${instruction.args}`);
  }

  /** A folder stays while anything below it may: an exception can bring it back. @param {string} file */
  #leftOut(file) {
    const path = relative(this.context, file);
    if (path === '' || !this.ignored(path)) return false;
    return !statSync(file).isDirectory() || readdirSync(file).every((name) => this.#leftOut(join(file, name)));
  }

  /** @param {Built} built @param {Instruction} instruction */
  async #run(built, instruction) {
    const reason = containerOnly(instruction);
    if (reason) {
      this.report(`RUN ${instruction.args}`, reason);
      return;
    }
    const { code, output } = await run(['sh', '-c', instruction.args], {
      cwd: join(built.root, built.workdir),
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...built.env },
      timeoutMs: RUN_TIMEOUT_MS,
    });
    if (code !== 0)
      throw new DockerfileError(instruction.line, `RUN ${instruction.args} ended with ${code}\n${output}`);
    this.report(`RUN ${instruction.args}`);
  }
}

/**
 * All of a folder into another, with links and modes; ten times as fast as file by file from here.
 * @param {string} from @param {string} to @param {string[]} [flags]
 */
async function copyTree(from, to, flags = []) {
  const env = { PATH: process.env['PATH'] };
  const { code, output } = await run(['cp', '-a', ...flags, `${from}/.`, to], {
    cwd: from,
    env,
    timeoutMs: RUN_TIMEOUT_MS,
  });
  if (code !== 0) throw new Error(`cp -a ${from} ended with ${code}\n${output}`);
}
