import { Command, Scene } from './commands.js';
import { versionOf } from './judge.js';
import { Call, explain, linearise } from './linearise.js';
import { describe, perform, readAll, sightOf, Story } from './sequence.js';
import { NOTHING_SEEN, Play, Sight, Stage } from './stage.js';

export interface Race {
  scene: Scene;
  /** What happened before, one thing after another. */
  before: readonly Command[];
  /** What each client does, all at once. */
  clients: readonly (readonly Command[])[];
}

/** Several clients at once on the same carts: there must be an order in which the model gives the same answers. */
export async function playRace(stage: Stage, { scene, before, clients }: Race): Promise<void> {
  const play = await stage.begin(scene);
  const story = new Story();
  for (const command of before) await perform(play, command, story);
  for (const command of clients.flat()) await play.meet(command);
  const start = Date.now();
  const calls = (
    await Promise.all(clients.map((commands, client) => playClient(play, commands, client, story)))
  ).flat();
  for (const { client, request, reply } of calls) {
    story.lines.push(`client ${client} (${reply.from - start}–${reply.to - start} ms) ${describe(request, reply)}`);
  }
  const order = linearise(play.world, calls);
  if ('fault' in order) throw new Error(['no order explains the answers', ...story.lines, order.fault].join('\n  '));
  // Two answers may show the same version, and either request have made it.
  for (const { reply } of calls) {
    const version = versionOf(reply);
    if (version) story.ledger.note(version, reply.from, reply.to);
  }
  // Once more in the order found, now with what is learned about times and texts on the way.
  const faults = order.calls.flatMap((call) => {
    const verdict = explain(play.world, call, calls, story.ledger);
    play.world = verdict.world;
    return verdict.faults;
  });
  if (faults.length > 0) throw new Error(['times do not fit', ...story.lines, ...faults].join('\n  '));
  await readAll(play, story);
}

async function playClient(play: Play, commands: readonly Command[], client: number, { sent }: Story): Promise<Call[]> {
  const calls: Call[] = [];
  const seen = new Map([...play.world.owners.keys()].map((owner) => [owner, sightOf(play.world, owner)]));
  for (const command of commands) {
    if (command.by === 'operator') continue;
    const request = play.toRequest(command, (owner) => seen.get(owner) ?? NOTHING_SEEN, sent);
    if (!request) continue;
    // All clients know it from now on, so that one of them may send it again while it is on its way.
    sent.push(request);
    const reply = await play.send(request);
    calls.push({ client, request, reply });
    play.stage.tally.count(request, reply);
    const { version, items } = reply.body as Partial<Sight>;
    const before = seen.get(request.owner) ?? NOTHING_SEEN;
    seen.set(request.owner, { version: version ?? before.version, items: items ?? before.items });
  }
  return calls;
}
