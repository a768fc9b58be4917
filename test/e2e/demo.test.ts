/** The main job as a person runs it: real servers, real nodes, a real SIGKILL. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverBinary } from '../support/nats.ts';
import { descendants, type Program, runProgram, stillRunning } from '../support/programs.ts';

const DEMO = 'packages/examples/src/md/main.ts';
const SMALL = ['--steps', '12000', '--seed', '7'];

interface DemoReport {
  readonly digest: string;
  readonly passed: boolean;
  readonly audit: { readonly sent: number; readonly lost: string[]; readonly twice: string[]; readonly gaps: string[] };
  readonly recoveries: { readonly victim: string; readonly moved: string[]; readonly resumedMs: number }[];
}

let folder = '';
beforeAll(async () => {
  // Fetched before, where there is none, so that no test waits for a download.
  await serverBinary();
  folder = await mkdtemp(join(tmpdir(), 'jaegis-demo-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function reportOf(name: string, ...flags: string[]): Promise<DemoReport> {
  const file = join(folder, `${name}.json`);
  const demo = runProgram(DEMO, [...SMALL, '--json', file, ...flags]);
  expect(await demo.ended, demo.output()).toBe(0);
  return JSON.parse(await readFile(file, 'utf8'));
}

describe('the campaign', () => {
  it('ends with the same bits whatever is killed, with nothing lost and nothing applied twice', async () => {
    const undisturbed = await reportOf('undisturbed', '--no-kill', '--servers', '1');
    const killed = await reportOf('killed');
    const thrice = await reportOf('thrice', '--kills', '3', '--servers', '1');

    expect(undisturbed.recoveries).toEqual([]);
    expect(killed.recoveries).toHaveLength(1);
    expect(killed.recoveries[0]?.moved).not.toEqual([]);
    expect(thrice.recoveries).toHaveLength(3);
    for (const { audit, passed } of [undisturbed, killed, thrice]) {
      expect(audit).toMatchObject({ lost: [], twice: [], gaps: [] });
      expect(audit.sent).toBeGreaterThan(12);
      expect(passed).toBe(true);
    }
    expect(killed.digest).toBe(undisturbed.digest);
    expect(thrice.digest).toBe(undisturbed.digest);
  });
});

describe('the demo, ended before its time', () => {
  async function running(): Promise<{ demo: Program; family: number[] }> {
    const demo = runProgram(DEMO, ['--servers', '1']);
    await demo.said('cluster ');
    const family = descendants(demo.process.pid ?? 0);
    // One guard, one server, three nodes.
    expect(family.length).toBeGreaterThanOrEqual(5);
    return { demo, family };
  }

  it('leaves no process when it is killed', async () => {
    const { demo, family } = await running();
    demo.process.kill('SIGKILL');
    await demo.ended;
    await expect.poll(() => stillRunning(family), { timeout: 5_000 }).toEqual([]);
  });

  it('leaves no process at Ctrl-C', async () => {
    const { demo, family } = await running();
    demo.process.kill('SIGINT');
    expect(await demo.ended).toBe(130);
    expect(stillRunning(family)).toEqual([]);
  });
});

describe('bad options', () => {
  it.each([
    [['--nodes', '1'], '--nodes'],
    [['--kills', 'many'], '--kills'],
    [['--steps', '501'], 'multiple of 500'],
    [['--servers', '2'], '1 or 3'],
  ])('%j are refused with the option named', async (flags, named) => {
    const demo = runProgram(DEMO, flags);
    expect(await demo.ended).toBe(1);
    expect(demo.output()).toContain(named);
  });
});
