/** `node test/bench/profile.mjs <file.cpuprofile> [rows]`: where the CPU time of a profile went, as markdown tables. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/**
 * @typedef {{ id: number, callFrame: { functionName: string, url: string, lineNumber: number }, children?: number[] }} ProfileNode
 * @typedef {{ nodes: ProfileNode[], samples: number[], timeDeltas: number[] }} Profile
 * @typedef {{ name: string, self: number, inclusive: number }} Cost shares of the time that was not idle
 */

/** Leaves that are not the program's: nothing to do, and the profiler's own start. */
const OTHERS = /^\(idle\)$|^dispatch$/;

/**
 * The part of the program a frame belongs to; undefined for a native function, which works for its caller.
 * @param {ProfileNode['callFrame']} frame
 */
export function areaOf({ functionName, url }) {
  if (functionName.startsWith('(') && url === '') return functionName;
  if (url === '') return undefined;
  if (url.startsWith('node:')) return `node:${url.slice(5).split('/').slice(0, 2).join('/')}`;
  const packages = url.split('/node_modules/');
  if (packages.length > 1) {
    const [scope = '', name = ''] = (packages.at(-1) ?? '').split('/');
    return scope.startsWith('@') ? `${scope}/${name}` : scope;
  }
  const [, kind, name] = /\/(libs|apps)\/([\w-]+)\//.exec(url) ?? [];
  return kind === undefined ? url : `${kind}/${name}`;
}

/** @param {ProfileNode['callFrame']} frame */
function functionOf({ functionName, url, lineNumber }) {
  const place = url.replace(/^.*\/node_modules\//, '').replace(/^.*\/dist\//, '');
  return `${functionName || '(anonymous)'}${place === '' ? '' : ` ${place}:${lineNumber + 1}`}`;
}

/**
 * Self and inclusive time by some name of the frames. A name that is on a stack twice counts once.
 * @param {Profile} profile
 * @param {(frame: ProfileNode['callFrame']) => string | undefined} nameOf undefined: that of the caller
 * @returns {Cost[]} most self time first
 */
export function costsOf({ nodes, samples, timeDeltas }, nameOf) {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  /** @type {Map<number, number>} */
  const times = new Map();
  samples.forEach((id, index) => times.set(id, (times.get(id) ?? 0) + (timeDeltas[index] ?? 0)));
  /** @type {Map<string, { self: number, inclusive: number }>} */
  const costs = new Map();
  let busy = 0;
  for (const [leaf, time] of times) {
    if (OTHERS.test(byId.get(leaf)?.callFrame.functionName ?? '')) continue;
    busy += time;
    const names = [];
    for (let id = /** @type {number | undefined} */ (leaf); id !== undefined; id = parents.get(id)) {
      const node = byId.get(id);
      const name = node === undefined ? undefined : nameOf(node.callFrame);
      if (name !== undefined) names.push(name);
    }
    new Set(names).forEach((name) => {
      const cost = costs.get(name) ?? { self: 0, inclusive: 0 };
      cost.inclusive += time;
      if (name === names[0]) cost.self += time;
      costs.set(name, cost);
    });
  }
  return [...costs]
    .map(([name, { self, inclusive }]) => ({ name, self: self / busy, inclusive: inclusive / busy }))
    .sort((a, b) => b.self - a.self);
}

/** @param {string} title @param {Cost[]} costs @param {number} rows */
function print(title, costs, rows) {
  const percent = (/** @type {number} */ part) => `${(part * 100).toFixed(1)} %`;
  console.log(`\n| ${title} | self | inclusive |\n| --- | --: | --: |`);
  for (const { name, self, inclusive } of costs.slice(0, rows)) {
    console.log(`| ${name} | ${percent(self)} | ${percent(inclusive)} |`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [file = '', rows = '40'] = process.argv.slice(2);
  const profile = /** @type {Profile} */ (JSON.parse(readFileSync(file, 'utf8')));
  const functions = costsOf(profile, functionOf);
  print('area', costsOf(profile, areaOf), Number(rows));
  print('function, by self time', functions, Number(rows));
  print(
    'function, by inclusive time',
    functions.sort((a, b) => b.inclusive - a.inclusive),
    Number(rows),
  );
}
