/**
 * Reads the part of the Dockerfile language that ours keeps to: FROM … AS, WORKDIR, COPY with --from, RUN in shell
 * form, ENV, ARG, USER, EXPOSE, HEALTHCHECK and CMD in exec form, comments and continued lines. Anything else is an
 * error, so that nothing is passed over in silence.
 *
 * @typedef {{ name: string, args: string, line: number }} Instruction
 * @typedef {{ name: string, base: string, line: number, instructions: Instruction[] }} Stage
 * @typedef {{ from: string | undefined, sources: string[], target: string }} Copy
 */

const KNOWN = new Set(['WORKDIR', 'COPY', 'RUN', 'ENV', 'ARG', 'USER', 'EXPOSE', 'HEALTHCHECK', 'CMD']);

/** The file cannot be read by this small interpreter. */
export class DockerfileError extends Error {
  /** @param {number} line @param {string} message */
  constructor(line, message) {
    super(`Dockerfile line ${line}: ${message}`);
  }
}

/** @param {string} text @returns {Stage[]} */
export function parseDockerfile(text) {
  /** @type {Stage[]} */
  const stages = [];
  for (const instruction of instructionsOf(text)) {
    const { name, args, line } = instruction;
    const stage = stages.at(-1);
    if (name === 'FROM') {
      const match = /^(\S+)(?:\s+as\s+(\S+))?$/i.exec(args);
      if (!match?.[1]) throw new DockerfileError(line, `FROM ${args} is not understood`);
      stages.push({ name: match[2] ?? String(stages.length), base: match[1], line, instructions: [] });
    } else if (!KNOWN.has(name)) {
      throw new DockerfileError(line, `${name} is not understood`);
    } else if (!stage) {
      throw new DockerfileError(line, `${name} before the first FROM`);
    } else {
      stage.instructions.push(instruction);
    }
  }
  return stages;
}

/** @param {string} text @returns {Instruction[]} */
function instructionsOf(text) {
  const instructions = [];
  let pending = '';
  let start = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    const row = raw.trim();
    if (row.startsWith('#') || (row === '' && pending === '')) continue;
    if (pending === '') start = index + 1;
    const continued = row.endsWith('\\');
    pending += continued ? `${row.slice(0, -1).trim()} ` : row;
    if (continued) continue;
    const [, name = '', args = ''] = /^(\S+)\s*(.*)$/.exec(pending) ?? [];
    if (args.includes('<<')) throw new DockerfileError(start, 'heredocs are not understood');
    instructions.push({ name: name.toUpperCase(), args: args.trim(), line: start });
    pending = '';
  }
  if (pending !== '') throw new DockerfileError(start, 'the last line is continued');
  return instructions;
}

/** @param {Instruction} instruction @returns {Copy} */
export function parseCopy({ args, line }) {
  const words = args.split(/\s+/);
  /** @type {string | undefined} */
  let from;
  while (words[0]?.startsWith('--')) {
    const [flag, value] = String(words.shift()).split('=');
    if (flag === '--from') from = value;
    else if (flag !== '--chown') throw new DockerfileError(line, `COPY ${flag} is not understood`);
  }
  const target = words.pop();
  if (!target || words.length === 0) throw new DockerfileError(line, 'COPY takes sources and a target');
  if (words.some((word) => /[*?[]/.test(word)))
    throw new DockerfileError(line, 'COPY with wildcards is not understood');
  return { from, sources: words, target };
}

/** `A=1 B="two words"`. @param {Instruction} instruction @returns {Record<string, string>} */
export function parseAssignments({ name, args, line }) {
  const found = [...args.matchAll(/([A-Za-z_]\w*)=("[^"]*"|\S*)\s*/g)];
  if (found.map((match) => match[0]).join('') !== args)
    throw new DockerfileError(line, `${name} ${args} is not understood`);
  return Object.fromEntries(found.map(([, key = '', value = '']) => [key, value.replace(/^"|"$/g, '')]));
}

/** The command of `CMD [...]` or of `HEALTHCHECK --flags CMD [...]`. @param {Instruction} instruction @returns {string[]} */
export function parseCommand({ name, args, line }) {
  const text = name === 'HEALTHCHECK' ? args.replace(/^(--\S+\s+)*CMD\s+/, '') : args;
  try {
    const command = JSON.parse(text);
    if (Array.isArray(command) && command.every((word) => typeof word === 'string')) return command;
  } catch {
    // Not JSON: the shell form, told below.
  }
  throw new DockerfileError(line, `${name} must be in exec form, a JSON array`);
}

const CONTAINER_ONLY = /^(apt-get|apt|apk|useradd|groupadd|adduser|addgroup|usermod|chown)\s/;

/**
 * Why a RUN has no meaning outside a container; undefined when it can be run in a folder.
 * @param {Instruction} instruction
 */
export function containerOnly({ args, line }) {
  const parts = args.split('&&').map((part) => part.trim());
  const outside = parts.filter((part) => CONTAINER_ONLY.test(`${part} `));
  if (outside.length === 0) {
    if (/(^|[\s='"])\/\w/.test(args))
      throw new DockerfileError(line, 'RUN with an absolute path would leave the folder');
    return undefined;
  }
  if (outside.length < parts.length) {
    throw new DockerfileError(line, 'RUN mixes commands for the system of the image with others: use two');
  }
  return 'changes packages, users or owners of the image';
}
