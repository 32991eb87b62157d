import { Command, Scene } from './commands.js';
import { Reply } from './http-client.js';
import { judge } from './judge.js';
import { Ledger } from './match.js';
import { Request, toWire } from './requests.js';
import { Play, Sight, Stage } from './stage.js';
import { cartOf, World } from './world.js';

/** What has happened in a play so far, and what was learned from it. */
export class Story {
  readonly ledger = new Ledger();
  readonly lines: string[] = [];
  readonly sent: Request[] = [];
}

/** One thing after another: the service must answer each as the model does. */
export async function playSequence(stage: Stage, scene: Scene, commands: readonly Command[]): Promise<void> {
  const play = await stage.begin(scene);
  const story = new Story();
  for (const command of commands) await perform(play, command, story);
  await readAll(play, story);
}

/** In the end every cart is what the model has made of it. */
export async function readAll(play: Play, story: Story): Promise<void> {
  for (const owner of play.world.owners.keys()) {
    await perform(play, { by: 'shopper', owner, operation: { op: 'read' } }, story);
  }
}

export async function perform(play: Play, command: Command, story: Story): Promise<void> {
  await play.meet(command);
  if (command.by === 'operator') {
    const { skuId, change } = command;
    const { world } = play;
    play.world = { ...world, catalogue: await play.stage.change(world.catalogue, skuId, change) };
    const isHeld = [...world.carts.values()].some(({ items }) => items.some((item) => item.skuId === skuId));
    if (isHeld) play.stage.tally.countChange(change);
    story.lines.push(`operator: ${skuId} ${JSON.stringify(change)}`);
    return;
  }
  const request = play.toRequest(command, (owner) => sightOf(play.world, owner), story.sent);
  if (!request) return;
  const reply = await play.send(request);
  story.sent.push(request);
  story.lines.push(describe(request, reply));
  play.stage.tally.count(request, reply);
  const { world, faults } = judge(play.world, request, reply, story.ledger);
  if (faults.length > 0) {
    throw new Error(['the service answers otherwise than the model', ...story.lines, ...faults].join('\n  '));
  }
  play.world = world;
  play.learn(request, reply);
}

export function sightOf(world: World, owner: string): Sight {
  const { version, items } = cartOf(world, owner);
  return { version, items: items.map(({ skuId }) => ({ skuId, shopId: world.catalogue.lastOf(skuId)!.shopId })) };
}

/** A request and its answer in a line. */
export function describe({ owner, operation, ifMatch, idempotencyKey, minimal }: Request, reply: Reply): string {
  const { method, path, body } = toWire(operation);
  const { code, version } = reply.body as { code?: string; version?: string };
  const parts = [
    `${owner}: ${method} ${path}`,
    body === undefined ? '' : JSON.stringify(body),
    ifMatch === undefined ? '' : `If-Match: ${ifMatch}`,
    idempotencyKey === undefined ? '' : `Idempotency-Key: ${idempotencyKey}`,
    minimal ? 'Prefer: return=minimal' : '',
    `→ ${reply.status} ${code ?? version ?? ''}`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}
