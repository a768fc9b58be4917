/** `jaegis doctor` with real servers: where all is well, and where it is not. It changes nothing. */
import { defineActor, defineApp, examineCluster, type Finding, type Role, startNode } from 'jaegis';
import { describe, expect, it } from 'vitest';
import { bareRequest } from '../support/bare-nats.ts';
import { startNats, withServers } from '../support/nats.ts';
import { runProgram } from '../support/programs.ts';
import { as, permissions } from '../support/roles.ts';

const counter = defineActor('counter', {
  state: () => ({ total: 0 }),
  on: { add: (state) => ({ state: { total: state.total + 1 }, reply: state.total + 1 }) },
});
const app = defineApp({ entities: [counter] });
const quiet = { cluster: 'shop', app, logLevel: 'silent', threads: 1 } as const;

async function doctor(...flags: string[]): Promise<{ code: unknown; output: string }> {
  const program = runProgram('packages/cli/src/main.ts', ['doctor', '--cluster', 'shop', ...flags]);
  return { code: await program.ended, output: program.output() };
}

const brief = (findings: readonly Finding[]) =>
  findings.map(({ level, about, found }) => `${level} ${about}: ${found}`);
const said = (text: string) => expect.stringContaining(text);

describe('three servers and two nodes', () => {
  const nats = withServers(3);
  const at = () => ['--nats', nats.urls.join()];

  it('are well, and stay as they are', async () => {
    await using first = await startNode({ ...quiet, name: 'n1', nats: nats.urls });
    await using second = await startNode({ ...quiet, name: 'n2', nats: nats.urls });
    const entity = first.entity(counter, 'a');
    expect(await entity.ask({ type: 'add' })).toBe(1);
    await expect.poll(() => second.view.members.length).toBe(2);
    const streams = async () => {
      const all: object[] = [];
      for (const name of ['TURNS', 'INBOX']) {
        const text = await bareRequest(nats.urls[0] ?? '', `$JS.API.STREAM.INFO.JAEGIS_shop_${name}`);
        const { config, state } = JSON.parse(text) as {
          config: unknown;
          state: { messages: number; last_seq: number };
        };
        all.push({ config, messages: state.messages, last: state.last_seq });
      }
      return all;
    };
    const before = await streams();
    const { code, output } = await doctor('--json', ...at());
    expect(await streams()).toEqual(before);
    expect(code, output).toBe(0);
    const examination = JSON.parse(output) as { findings: Finding[] };
    expect(examination).toMatchObject({ cluster: 'shop', role: 'member', worst: 'ok' });
    const lines = brief(examination.findings);
    expect(lines).toContainEqual(said('ok servers: 3 servers'));
    expect(lines).toContainEqual(said('ok stream JAEGIS_shop_TURNS: 1 record'));
    expect(lines).toContainEqual(said('ok role member'));
    expect(lines).toContainEqual(said('ok nodes: 2 nodes'));
    // Three servers and two nodes tell the time.
    expect(lines).toContainEqual(said('ok clocks: 5 agree'));
    expect(await entity.ask({ type: 'add' })).toBe(2);
  });

  it('of another name are named, where the one asked for was never started', async () => {
    await (await startNode({ ...quiet, name: 'n1', nats: nats.urls })).stop();
    const { code, output } = await doctor(...at(), '--cluster', 'shopp');
    expect(code).toBe(1);
    expect(output).toContain('there are none of a cluster "shopp"; there are "shop"');
  });

  it('tell by their monitoring when they write to their disks', async () => {
    const monitors = nats.servers.map(({ monitor }) => monitor);
    const { findings } = await examineCluster({ nats: nats.urls, cluster: 'shop', monitors });
    expect(brief(findings).filter((line) => line.includes('syncs every 120 s'))).toHaveLength(3);
  });

  it('of which one is away are examined all the same', async () => {
    await using node = await startNode({ ...quiet, name: 'n1', nats: nats.urls });
    const [, , third] = nats.servers;
    await third?.kill();
    const { code, output } = await doctor(...at());
    expect(code).toBe(2);
    expect(output).toContain(
      `fail  server ${third?.url}  No NATS server answered at ${third?.url} (connection refused)`,
    );
    expect(output).toContain('2 servers of 3 carry the cluster');
    expect(output).toContain(`1 node of version`);
    expect(node.view.members.length).toBe(1);
    await third?.restart();
  });
});

it('without any server it says so and ends with 2', async () => {
  const { code, output } = await doctor('--nats', 'nats://127.0.0.1:1');
  expect(code).toBe(2);
  expect(output).toContain('fail  server nats://127.0.0.1:1');
  expect(output).toContain('mend  Start it');
});

it('a flag that cannot be used ends with 2, before anything is dialled', async () => {
  const { code, output } = await doctor('--nats', 'http://x');
  expect(code).toBe(2);
  expect(output).toContain('it must be nats://host:port');
});

describe('users with permissions', () => {
  const nats = withServers(1, { config: permissions });
  const examine = (user: string, role: Role) => examineCluster({ nats: nats.urls, cluster: 'shop', role, ...as(user) });

  it.each([
    ['node', 'member'],
    ['client', 'client'],
    ['inspector', 'inspector'],
    ['operator', 'operator'],
    ['backup', 'backup'],
  ] as const)('%s may do what the role %s needs', async (user, role) => {
    await using _node = await startNode({ ...quiet, name: 'n1', nats: nats.urls, ...as('node') });
    const { findings } = await examine(user, role);
    expect(brief(findings)).toContainEqual(said(`ok role ${role}`));
    expect(findings.filter(({ level }) => level === 'fail')).toEqual([]);
  });

  it('a client may not do what a member needs, and what that keeps it from is named', async () => {
    const { worst, findings } = await examine('client', 'member');
    expect(worst).toBe('fail');
    const [permission] = findings.filter(({ about }) => about === 'role member');
    expect(permission?.found).toContain('publish to $JS.API.STREAM.CREATE.JAEGIS_shop_TURNS');
    expect(permission?.means).toContain('write turns');
  });

  it('an answer that may not arrive is named too', async () => {
    const { inboxPrefix: _, ...who } = as('node');
    const { findings } = await examineCluster({ nats: nats.urls, cluster: 'shop', ...who });
    expect(brief(findings)).toContainEqual(said('fail role member: it may not subscribe to _INBOX.'));
  });
});

it('streams that somebody else made under the name, or over the subjects, are found', async () => {
  await using servers = await startNats({ count: 1 });
  const [url = ''] = servers.urls;
  const make = (name: string, subjects: string[]) =>
    bareRequest(url, `$JS.API.STREAM.CREATE.${name}`, JSON.stringify({ name, subjects, max_age: 1_000_000_000 }));
  await make('JAEGIS_shop_TURNS', ['jaegis.shop.turn.>']);
  await make('EVERYTHING', ['jaegis.shop.inbox.>']);
  const { worst, findings } = await examineCluster({ nats: servers.urls, cluster: 'shop' });
  expect(worst).toBe('fail');
  expect(brief(findings)).toContainEqual(said('max_age is 1000000000, not 0'));
  expect(brief(findings)).toContainEqual(said('fail streams: EVERYTHING take in subjects of this cluster'));
});
