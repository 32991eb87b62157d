import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** One Lua script, ready to run. */
export interface Script {
  /** File name without the key count. */
  readonly name: string;
  readonly keyCount: number;
  /** The key count as it travels. */
  readonly keyCountText: string;
  /** The text with its includes. */
  readonly source: string;
  readonly sha1: string;
}

const FILE_NAME = /^([a-z]+(?:-[a-z]+)*)-(\d+)\.lua$/;
const INCLUDE = /^--- *@include(.*)$/gm;
const COMMENT_OR_STRING = /--\[\[[^]*?\]\]|--[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g;

/** The scripts of one folder by name. */
export class ScriptSet {
  readonly #scripts = new Map<string, Script>();

  constructor(scripts: Iterable<Script>) {
    for (const script of scripts) {
      if (this.#scripts.has(script.name)) throw new Error(`Two scripts are named ${script.name}`);
      this.#scripts.set(script.name, script);
    }
  }

  get names(): string[] {
    return [...this.#scripts.keys()];
  }

  /** Throws for an unknown name: look scripts up when the process starts, not when they are needed. */
  get(name: string): Script {
    const script = this.#scripts.get(name);
    if (!script) throw new Error(`No script is named ${name}; there are: ${this.names.join(', ')}`);
    return script;
  }
}

/**
 * Reads every `verb-noun-<keys>.lua` of a folder, once, when the process starts. A line `--- @include "includes/x"`
 * stands for the text of `includes/x.lua`, one level deep. Throws when a file breaks a rule.
 */
export function loadScripts(folder: URL): ScriptSet {
  const files = readdirSync(folder).filter((file) => file.endsWith('.lua'));
  return new ScriptSet(
    files.sort().map((file) => {
      const [, name, keyCountText] = FILE_NAME.exec(file) ?? [];
      if (!name || !keyCountText) throw new Error(`${file}: a script is named verb-noun-<keys>.lua`);
      const source = expand(file, folder);
      const sha1 = createHash('sha1').update(source).digest('hex');
      const script: Script = { name, keyCount: Number(keyCountText), keyCountText, source, sha1 };
      checkScript(script);
      return script;
    }),
  );
}

/** Throws unless the highest `KEYS[n]` in the code is the number in the name: an undeclared key breaks a cluster. */
export function checkScript(script: Pick<Script, 'name' | 'keyCount' | 'source'>): void {
  const code = script.source.replace(COMMENT_OR_STRING, ' ');
  const used = [...code.matchAll(/\bKEYS\s*\[\s*(\d+)\s*\]/g)].map((match) => Number(match[1]));
  const highest = Math.max(0, ...used);
  if (highest !== script.keyCount) {
    throw new Error(`${script.name}: its name promises ${script.keyCount} keys, its code uses KEYS[${highest}]`);
  }
}

function expand(file: string, folder: URL): string {
  const seen = new Set<string>();
  return read(file, folder).replace(INCLUDE, (line: string, rest: string) => {
    const include = /^ "([\w/-]+)"\s*$/.exec(rest)?.[1];
    if (!include) throw new Error(`${file}: not an include: ${line}`);
    if (seen.has(include)) throw new Error(`${file}: "${include}" is included twice`);
    seen.add(include);
    const text = read(`${include}.lua`, folder, file);
    if (text.search(INCLUDE) >= 0) throw new Error(`${include}: an include cannot include`);
    return text;
  });
}

function read(path: string, folder: URL, wantedBy = path): string {
  try {
    return readFileSync(new URL(path, folder), 'utf8');
  } catch (cause) {
    throw new Error(`${wantedBy}: cannot read ${path}`, { cause });
  }
}
