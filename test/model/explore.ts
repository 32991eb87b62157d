import fc from 'fast-check';
import { Settings } from './catalogue.js';
import { Ids } from './commands.js';
import { HttpClient } from './http-client.js';
import { Stage } from './stage.js';
import { Tally } from './tally.js';

/** A failing run, to see it again. */
export interface Replay {
  /** Of the exploration. */
  name: string;
  seed: number;
  path: string;
}

export interface Exploration<T> {
  name: string;
  url: string;
  settings: Settings;
  skus: number;
  /** How many sequences, and on how many stages at once. */
  runs: number;
  stages: number;
  replay?: Replay;
  arbitrary: (ids: Ids) => fc.Arbitrary<T>;
  play: (stage: Stage, value: T) => Promise<unknown>;
}

/** How many shorter ones are tried after a failure. */
const MAX_TRIES = 500;

/** Plays `runs` random values; a failing one is made as short as it goes, and said with what brings it back. Returns what was met on the way. */
export async function explore<T>(exploration: Exploration<T>): Promise<Tally> {
  const { name, url, settings, skus, runs, replay, arbitrary, play } = exploration;
  const stages = replay ? 1 : exploration.stages;
  const seed = replay?.seed ?? Date.now() & 0x7fffffff;
  // A race has several requests under way on each stage.
  const client = new HttpClient(url, 8 * stages);
  const tally = new Tally();
  let failure: string | undefined;
  const exploreOn = async (worker: number) => {
    const stage = await Stage.open(client, tally, settings, skus);
    let tries = 0;
    const property = fc.asyncProperty(arbitrary(stage.ids), async (value) => {
      // The others have their answer when one of them has found something, and shortening ends at some time.
      if (failure !== undefined || tries >= MAX_TRIES) return;
      try {
        if (tries > 0) tries += 1;
        await play(stage, value);
      } catch (error) {
        tries += tries === 0 ? 1 : 0;
        throw error;
      }
    });
    const details = await fc.check(property, {
      numRuns: Math.ceil(runs / stages),
      seed: seed + worker,
      path: replay?.path,
    });
    if (details.failed) failure ??= report(name, details);
  };
  try {
    await Promise.all(Array.from({ length: stages }, (_, worker) => exploreOn(worker)));
  } finally {
    client.close();
  }
  if (failure !== undefined) throw new Error(failure);
  return tally;
}

/** The inverse of what `report` says. */
export function toReplay(text: string | undefined): Replay | undefined {
  const [name, seed, path] = text?.split('/') ?? [];
  return name && seed && path ? { name, seed: Number(seed), path } : undefined;
}

function report<T>(name: string, details: fc.RunDetails<T>): string {
  const { seed, counterexamplePath, numRuns, numShrinks, errorInstance } = details;
  const again = `MODEL_REPLAY=${name}/${seed}/${counterexamplePath}`;
  const said = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return `run ${numRuns}, shortened ${numShrinks} times; again with ${again}\n${said}`;
}
