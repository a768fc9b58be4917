/** What docs/deploy shows can be used as it is: it is parsed, and held against the command and a real nats-server. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { limits } from '@jaegis/core';
import { minimumVersion } from '@jaegis/nats';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { serverBinary } from '../support/nats.ts';
import { runProgram } from '../support/programs.ts';

const folder = join(import.meta.dirname, '../../docs/deploy');
const read = (path: string) => readFileSync(join(folder, path), 'utf8');

interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly {
    name: string;
    value?: string;
    valueFrom?: { secretKeyRef?: { name: string; key: string } };
  }[];
  readonly ports?: readonly { name: string; containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly replicas?: number;
    readonly selector?: { readonly matchLabels?: object; readonly app?: string };
    readonly ports?: readonly { name: string; port: number }[];
    readonly template?: {
      readonly metadata: { readonly labels: object };
      readonly spec: { readonly terminationGracePeriodSeconds: number; readonly containers: readonly Container[] };
    };
  };
}

/** Warnings and errors of YAML fail the test. */
function manifests(path: string): Manifest[] {
  return parseAllDocuments(read(path), { strict: true, uniqueKeys: true }).map((document) => {
    expect([...document.errors, ...document.warnings]).toEqual([]);
    return document.toJS() as Manifest; // its form is what the tests look at
  });
}

const nats = manifests('kubernetes/nats.yaml');
const nodes = manifests('kubernetes/nodes.yaml');
const [secret] = manifests('kubernetes/secret.example.yaml');
const all = [...nats, ...nodes];

const ofKind = (kind: string, from: readonly Manifest[] = all) => from.filter((manifest) => manifest.kind === kind);
const containers = (from: readonly Manifest[]) => from.flatMap(({ spec }) => spec?.template?.spec.containers ?? []);
const [node] = containers(nodes);

const helps = new Map<string, string>();
async function help(command: string): Promise<string> {
  const known = helps.get(command);
  if (known !== undefined) return known;
  const program = runProgram('packages/cli/src/main.ts', [command, '--help']);
  expect(await program.ended, program.output()).toBe(0);
  helps.set(command, program.output());
  return program.output();
}

describe('a manifest', () => {
  it('selects the pods that it makes, and each budget and service pods that are made', () => {
    const made = [...ofKind('StatefulSet'), ...ofKind('Deployment')];
    expect(made).toHaveLength(2);
    for (const { spec } of made) expect(spec?.template?.metadata.labels).toEqual(spec?.selector?.matchLabels);
    const labels = made.map(({ spec }) => spec?.template?.metadata.labels);
    for (const { spec } of ofKind('PodDisruptionBudget')) expect(labels).toContainEqual(spec?.selector?.matchLabels);
    for (const { spec } of ofKind('Service')) expect(labels).toContainEqual(spec?.selector);
  });

  it('probes ports that its container names', () => {
    for (const { ports = [], startupProbe, readinessProbe, livenessProbe } of containers(all)) {
      const names = ports.map(({ name }) => name);
      for (const probe of [startupProbe, readinessProbe, livenessProbe]) expect(names).toContain(probe?.httpGet.port);
    }
  });

  it('takes what is secret from the secret that is shown', () => {
    const refs = containers(all).flatMap(({ env = [] }) =>
      env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []),
    );
    expect(refs).toHaveLength(2);
    for (const { name, key } of refs) {
      expect(name).toBe(secret?.metadata.name);
      expect(Object.keys(secret?.stringData ?? {})).toContain(key);
    }
  });

  it('gives a node more time to end than it takes', () => {
    const [deployment] = ofKind('Deployment');
    // Handing over, leaving, stopping actors.
    const neededMs = 10_000 + 2_000 + limits.shutdownMs;
    const graceS = deployment?.spec?.template?.spec.terminationGracePeriodSeconds ?? 0;
    expect(graceS * 1_000).toBeGreaterThan(neededMs);
    const [, stopS] = /^TimeoutStopSec=(\d+)$/m.exec(read('systemd/jaegis-node.service')) ?? [];
    expect(Number(stopS) * 1_000).toBeGreaterThan(neededMs);
  });

  it('probes a node where it answers', () => {
    const paths = [node?.startupProbe, node?.readinessProbe, node?.livenessProbe].map((probe) => probe?.httpGet.path);
    expect(paths).toEqual(['/started', '/ready', '/live']);
    const port = node?.env?.find(({ name }) => name === 'JAEGIS_PROBE_PORT')?.value;
    expect(node?.ports).toContainEqual({ name: 'probes', containerPort: Number(port) });
  });

  it('names the servers as their service does', () => {
    const [set] = ofKind('StatefulSet', nats);
    const [service] = ofKind('Service', nats);
    const [client] = service?.spec?.ports?.filter(({ name }) => name === 'client') ?? [];
    const pods = Array.from({ length: set?.spec?.replicas ?? 0 }, (_, index) => `${set?.metadata.name}-${index}`);
    const urls = pods.map((pod) => `nats://${pod}.${service?.metadata.name}:${client?.port}`).join(',');
    expect(node?.env).toContainEqual({ name: 'JAEGIS_NATS', value: urls });
  });
});

describe('nats-server', () => {
  it('takes the configuration that is shown', async () => {
    const work = mkdtempSync(join(tmpdir(), 'jaegis-deploy-'));
    onTestFinished(() => rmSync(work, { recursive: true, force: true }));
    const [config] = ofKind('ConfigMap', nats);
    const file = join(work, 'nats.conf');
    writeFileSync(file, config?.data?.['nats.conf'] ?? '');
    const env = { ...process.env, POD_NAME: 'nats-0', NODE_PASSWORD: secret?.stringData?.password };
    const { stderr } = await promisify(execFile)((await serverBinary()).path, ['-t', '-c', file], { env });
    expect(stderr).toContain('is valid');
  });

  it('is of a version that is new enough', () => {
    const [server] = containers(nats);
    const [, major, minor] = /^nats:(\d+)\.(\d+)\.\d+-alpine$/.exec(server?.image ?? '') ?? [];
    const [leastMajor = 0, leastMinor = 0] = minimumVersion.split('.').map(Number);
    expect([Number(major), Number(minor) >= leastMinor]).toEqual([leastMajor, true]);
  });
});

describe('the command', () => {
  const variables = async () => {
    const text = (await help('node')).replaceAll(/\s+/g, ' ');
    return [...text.matchAll(/\(env: (JAEGIS_\w+)\)/g)].map(([, name = '']) => name);
  };
  const files = [
    'kubernetes/nodes.yaml',
    'systemd/jaegis-node.service',
    'systemd/node.env',
    'docker/Dockerfile',
    'README.md',
  ];
  it.each(files)('has the variables that %s names', async (path) => {
    const known = await variables();
    const named = [...new Set(read(path).match(/\bJAEGIS_[A-Z_]*[A-Z]\b/g) ?? [])];
    expect(named).not.toEqual([]);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('has the commands and flags that the page names', async () => {
    const lines = read('README.md').match(/\bjaegis [a-z]+(?: (?:--[\w-]+|[\w./:,-]+))*/g) ?? [];
    const used = lines.flatMap((line) => {
      const [, command = '', rest = ''] = /^jaegis ([a-z]+)(.*)$/.exec(line) ?? [];
      return rest.includes('--') || ['dev', 'doctor', 'node'].includes(command)
        ? [{ command, flags: rest.match(/--[\w-]+/g) ?? [] }]
        : [];
    });
    expect(used.map(({ command }) => command)).toEqual(expect.arrayContaining(['dev', 'doctor']));
    for (const { command, flags } of used) for (const flag of flags) expect(await help(command)).toContain(flag);
    const [, table = ''] = /\| option \| \|\n([\s\S]*?)\n\n/.exec(read('README.md')) ?? [];
    const options = table.match(/--[a-z][\w-]*/g) ?? [];
    expect(options).not.toEqual([]);
    for (const flag of options) expect(await help('dev')).toContain(flag);
    for (const flag of ['--role', '--json', '--monitor']) expect(await help('doctor')).toContain(flag);
  });
});

it('the page links only to what is there, and to all that is', () => {
  const links = [...read('README.md').matchAll(/\]\(([^)#\s]+)\)/g)].map(([, link = '']) => link);
  for (const link of links) expect(existsSync(join(folder, link)), link).toBe(true);
  expect(new Set(links.filter((link) => !link.startsWith('..')).map(dirname))).toEqual(
    new Set(['docker', 'kubernetes', 'systemd']),
  );
});
