/** A node whose event loop stands still is seen as what it is, by another process. */
import { type ClusterEvent, startNode } from 'jaegis';
import { expect, test } from 'vitest';
import { withServers } from '../support/nats.ts';
import { runProgram } from '../support/programs.ts';

const nats = withServers(1);

test('an actor that blocks its node for two seconds is reported by name while it does, and the node stays a member', async () => {
  const cluster = 'stall';
  await using watcher = await startNode({ name: 'a', cluster, nats: nats.urls, logLevel: 'silent' });
  const blocked = runProgram('test/support/blocking-node.ts', ['b', cluster, nats.urls.join(',')]);
  await blocked.said('ready');
  const story: (ClusterEvent | { type: 'done' })[] = [];
  watcher.onEvent((event) => story.push(event));
  const { members } = watcher.view;
  expect(members.map(({ id }) => id)).toEqual(['a', 'b']);
  const blocker = watcher.actor<{ block: { message: { ms: number }; reply: string } }>('b/user/blocker');
  await blocker.ask({ type: 'block', ms: 2_000 });
  story.push({ type: 'done' });
  // What it said before it was blocked has been read by now, and what it says after.
  await blocker.ask({ type: 'block', ms: 0 });
  const types = story.map(({ type }) => type);
  expect(story.find(({ type }) => type === 'node_stalled')).toMatchObject({
    node: 'a',
    stalled: 'b',
    actor: 'b/user/blocker',
    at: expect.stringContaining('blocking-node.ts'),
  });
  expect(types.indexOf('node_stalled')).toBeLessThan(types.indexOf('done'));
  for (const end of ['node_down', 'node_removed']) expect(types).not.toContain(end);
  expect(watcher.view.members).toEqual(members);
});

test('a heart that nobody stops keeps no process alive', async () => {
  const program = runProgram('test/support/left-heart.ts', [nats.urls[0] ?? '']);
  expect(await program.ended).toBe(0);
  expect(program.output()).toBe('left\n');
});
