import type { AutoShutdown, JaegisError, RestartType, Shutdown } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import {
  type ChildKind,
  type ChildSpec,
  checkChildSpec,
  checkSupervisorSpec,
  childWarnings,
  type SupervisorFlags,
  type SupervisorSpec,
} from './spec.ts';

const actor = { kind: 'actor', type: 'clerk' } as const;
const shop = { kind: 'supervisor', type: 'shop' } as const;
const flags: SupervisorFlags = {
  strategy: 'one_for_one',
  intensity: 1,
  periodMs: 5_000,
  autoShutdown: 'never',
  backoff: undefined,
};

function refused(check: () => unknown): Partial<JaegisError> | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return error as JaegisError; // asserted by who calls
  }
}

describe('defaults', () => {
  it('of a supervisor are those of OTP', () => {
    expect(checkSupervisorSpec('s', { children: [] })).toEqual({ ...flags, children: [], warnings: [] });
  });

  it('of a worker are those of OTP', () => {
    expect(checkChildSpec('s', { id: 'a', start: actor }, flags)).toEqual({
      id: 'a',
      start: actor,
      args: [],
      input: undefined,
      restart: 'permanent',
      shutdown: 5_000,
      significant: false,
      kind: 'worker',
      register: undefined,
      backoff: undefined,
      startTimeoutMs: 10_000,
    });
  });

  it('of a supervisor below are infinite, whether its kind is defined or said', () => {
    for (const spec of [
      { start: shop },
      { start: actor, kind: 'supervisor' },
      { start: () => shop, kind: 'supervisor' },
    ]) {
      const { kind, shutdown } = checkChildSpec('s', { id: 'a', ...spec }, flags);
      expect([kind, shutdown]).toEqual(['supervisor', 'infinity']);
    }
  });

  it('of a function are those of a worker, since nobody knows what it returns', () => {
    expect(checkChildSpec('s', { id: 'a', start: () => shop }, flags)).toMatchObject({
      kind: 'worker',
      shutdown: 5_000,
    });
  });

  it('of a backoff are filled, and a child has that of its supervisor where it has none', () => {
    const { backoff, children } = checkSupervisorSpec('s', {
      backoff: { minMs: 100, maxMs: 300 },
      children: [
        { id: 'a', start: actor },
        { id: 'b', start: actor, backoff: { minMs: 1, maxMs: 1, factor: 1, jitter: 0, resetAfterMs: 9 } },
      ],
    });
    expect(backoff).toEqual({ minMs: 100, maxMs: 300, factor: 2, jitter: 0.2, resetAfterMs: 200 });
    expect(children.map((child) => child.backoff)).toEqual([
      backoff,
      { minMs: 1, maxMs: 1, factor: 1, jitter: 0, resetAfterMs: 9 },
    ]);
  });
});

const start = (): ChildSpec['start'] => actor;

describe('a supervisor spec', () => {
  it.each<[string, unknown, string, string]>([
    ['is no object', null, 'invalid_supervisor_spec', ''],
    ['is a list', [], 'invalid_supervisor_spec', ''],
    ['has no children', {}, 'bad_start_spec', 'children'],
    ['has an object for children', { children: {} }, 'bad_start_spec', 'children'],
    ['has an unknown strategy', { strategy: 'all_for_one', children: [] }, 'invalid_strategy', 'strategy'],
    ['has null for a strategy', { strategy: null, children: [] }, 'invalid_strategy', 'strategy'],
    ['has a negative intensity', { intensity: -1, children: [] }, 'invalid_intensity', 'intensity'],
    ['has a fraction for intensity', { intensity: 1.5, children: [] }, 'invalid_intensity', 'intensity'],
    ['has a text for intensity', { intensity: '1', children: [] }, 'invalid_intensity', 'intensity'],
    ['has NaN for intensity', { intensity: Number.NaN, children: [] }, 'invalid_intensity', 'intensity'],
    ['has no period', { periodMs: 0, children: [] }, 'invalid_period', 'periodMs'],
    [
      'has an endless negative period',
      { periodMs: Number.NEGATIVE_INFINITY, children: [] },
      'invalid_period',
      'periodMs',
    ],
    ['has an unknown autoShutdown', { autoShutdown: true, children: [] }, 'invalid_auto_shutdown', 'autoShutdown'],
    ['has a number for backoff', { backoff: 100, children: [] }, 'invalid_backoff', 'backoff'],
    ['is simple without a template', { strategy: 'simple_one_for_one', children: [] }, 'bad_start_spec', 'children'],
    [
      'is simple with two templates',
      {
        strategy: 'simple_one_for_one',
        children: [
          { id: 'a', start },
          { id: 'b', start },
        ],
      },
      'bad_start_spec',
      'children',
    ],
    ['has no object for a child', { children: [actor, 'clerk'] }, 'invalid_start', 'children[0].start'],
    ['has an option that nobody knows', { strateg: 'one_for_all', children: [] }, 'unknown_option', 'strateg'],
    [
      'has an option that nobody knows for a child',
      { children: [{ id: 'a', start, restrt: 'permanent' }] },
      'unknown_option',
      'children[0].restrt',
    ],
    [
      'has an option that nobody knows for a backoff',
      { children: [], backoff: { minMs: 1, maxMs: 2, faktor: 3 } },
      'unknown_option',
      'backoff.faktor',
    ],
    ['has a text for a child', { children: [{ id: 'a', start }, 'b'] }, 'invalid_child_spec', 'children[1]'],
    [
      'has two children of one id',
      {
        children: [
          { id: 'a', start },
          { id: 'b', start },
          { id: 'a', start },
        ],
      },
      'duplicate_id',
      'children[2].id',
    ],
  ])('that %s is refused', (_, spec, rule, path) => {
    const error = refused(() => checkSupervisorSpec('Supervisor "shop"', spec));
    expect(error).toMatchObject({ code: 'invalid_definition', data: { rule, path } });
    expect(error?.message).toMatch(path === '' ? /^Supervisor "shop": the spec is/ : `Supervisor "shop": ${path} is `);
  });

  it.each([0, 1, 1_000, Number.POSITIVE_INFINITY])('may allow %d restarts', (intensity) => {
    expect(checkSupervisorSpec('s', { intensity, children: [] }).intensity).toBe(intensity);
  });

  it.each<[AutoShutdown, string | undefined]>([
    ['never', undefined],
    ['any_significant', 'bad_combination'],
    ['all_significant', 'bad_combination'],
  ])('of simple_one_for_one with autoShutdown %s: %s', (autoShutdown, rule) => {
    const spec: SupervisorSpec = {
      strategy: 'simple_one_for_one',
      autoShutdown,
      children: [{ id: 'a', start: actor }],
    };
    expect(refused(() => checkSupervisorSpec('s', spec))?.data?.rule).toBe(rule);
  });
});

describe('a child spec', () => {
  it.each<[string, object, string]>([
    ['id', { id: undefined }, 'invalid_id'],
    ['id', { id: '' }, 'invalid_id'],
    ['id', { id: 'a b' }, 'invalid_id'],
    ['id', { id: 'a/b' }, 'invalid_id'],
    ['id', { id: 7 }, 'invalid_id'],
    ['id', { id: 'undefined' }, 'invalid_id'],
    ['id', { id: 'x'.repeat(64) }, 'invalid_id'],
    ['start', { start: undefined }, 'invalid_start'],
    ['start', { start: 'clerk' }, 'invalid_start'],
    ['start', { start: { kind: 'machine', type: 'clerk' } }, 'invalid_start'],
    ['start', { start: { kind: 'actor' } }, 'invalid_start'],
    ['args', { args: 'a' }, 'invalid_args'],
    ['restart', { restart: 'sometimes' }, 'invalid_restart_type'],
    ['restart', { restart: null }, 'invalid_restart_type'],
    ['shutdown', { shutdown: -10 }, 'invalid_shutdown'],
    ['shutdown', { shutdown: 0.5 }, 'invalid_shutdown'],
    ['shutdown', { shutdown: Number.POSITIVE_INFINITY }, 'invalid_shutdown'],
    ['shutdown', { shutdown: 'brutal_kill' }, 'invalid_shutdown'],
    ['kind', { kind: 'actor' }, 'invalid_child_type'],
    ['significant', { significant: 'maybe' }, 'invalid_significant'],
    ['register', { register: 'a b' }, 'invalid_register'],
    ['startTimeoutMs', { startTimeoutMs: 0 }, 'invalid_start_timeout'],
    ['backoff', { backoff: [] }, 'invalid_backoff'],
    ['backoff.minMs', { backoff: { maxMs: 1 } }, 'invalid_backoff'],
    ['backoff.minMs', { backoff: { minMs: -1, maxMs: 1 } }, 'invalid_backoff'],
    ['backoff.maxMs', { backoff: { minMs: 2, maxMs: 1 } }, 'invalid_backoff'],
    ['backoff.maxMs', { backoff: { minMs: 2, maxMs: Number.POSITIVE_INFINITY } }, 'invalid_backoff'],
    ['backoff.factor', { backoff: { minMs: 1, maxMs: 1, factor: 0.5 } }, 'invalid_backoff'],
    ['backoff.jitter', { backoff: { minMs: 1, maxMs: 1, jitter: 1.1 } }, 'invalid_backoff'],
    ['backoff.resetAfterMs', { backoff: { minMs: 1, maxMs: 1, resetAfterMs: Number.NaN } }, 'invalid_backoff'],
  ])('is refused at %s where it has %j', (path, given, rule) => {
    const spec = { id: 'a', start: actor, ...given };
    expect(refused(() => checkChildSpec('s', spec, flags))).toMatchObject({ data: { path, rule } });
    const inList = refused(() => checkSupervisorSpec('s', { children: [{ id: 'b', start: actor }, spec] }));
    expect(inList).toMatchObject({ data: { path: `children[1].${path}`, rule } });
  });

  it.each<Shutdown>([0, 1_000, 'infinity', 'brutal'])('may take %s to stop', (shutdown) => {
    expect(checkChildSpec('s', { id: 'a', start: actor, shutdown }, flags).shutdown).toBe(shutdown);
  });

  it('that is refused says where, what it is and what it could be', () => {
    const spec = { children: [{ id: 'a', start: actor, restart: 'sometimes' }] };
    expect(refused(() => checkSupervisorSpec('Supervisor "shop"', spec))).toMatchObject({
      message: 'Supervisor "shop": children[0].restart is "sometimes"; it can be permanent, transient, temporary.',
      data: { path: 'children[0].restart', rule: 'invalid_restart_type', value: 'sometimes' },
    });
  });

  it('is refused in words also where its value cannot be shown, or is long', () => {
    const round: { self?: unknown } = {};
    round.self = round;
    for (const value of [round, Symbol('x'), () => {}, 1n, 'x'.repeat(1_000)]) {
      const error = refused(() => checkChildSpec('s', { id: 'a', start: actor, kind: value }, flags));
      expect(error?.message).toMatch(/^s: kind is .{1,90}; it can be worker, supervisor\.$/);
    }
  });
});

const combinations = (['never', 'any_significant', 'all_significant'] as const).flatMap((autoShutdown) =>
  ([undefined, 'permanent', 'transient', 'temporary'] as const).flatMap((restart) =>
    ([undefined, 0, 1_000, 'infinity', 'brutal'] as const).flatMap((shutdown) =>
      ([undefined, 'worker', 'supervisor'] as const).flatMap((kind) =>
        ([undefined, false, true] as const).map((significant) => ({
          autoShutdown,
          restart,
          shutdown,
          kind,
          significant,
        })),
      ),
    ),
  ),
);

interface Combination {
  readonly autoShutdown: AutoShutdown;
  readonly restart: RestartType | undefined;
  readonly shutdown: Shutdown | undefined;
  readonly kind: ChildKind | undefined;
  readonly significant: boolean | undefined;
}

/** The rule as OTP's manual says it. */
const isAllowed = ({ autoShutdown, restart, significant }: Combination) =>
  significant !== true || (autoShutdown !== 'never' && (restart === 'transient' || restart === 'temporary'));

describe('a combination of child and supervisor', () => {
  it.each(combinations)('$autoShutdown, $restart, $shutdown, $kind, significant $significant', (combination) => {
    const { autoShutdown, ...given } = combination;
    const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const spec = { autoShutdown, children: [{ id: 'a', start: actor, ...said }] };
    const error = refused(() => checkSupervisorSpec('s', spec));
    const refusal = { data: { path: 'children[0].significant', rule: 'bad_combination' } };
    if (isAllowed(combination)) expect(error).toBeUndefined();
    else expect(error).toMatchObject(refusal);
  });
});

describe('a warning', () => {
  it.each<[ChildKind, Shutdown, number]>([
    ['worker', 0, 0],
    ['worker', 'brutal', 0],
    ['supervisor', 'infinity', 0],
    ['supervisor', 5_000, 1],
    ['supervisor', 'brutal', 1],
  ])('for a %s that may take %s to stop: %d', (kind, shutdown, count) => {
    const { warnings, children } = checkSupervisorSpec('s', { children: [{ id: 'a', start: actor, kind, shutdown }] });
    expect(warnings).toHaveLength(count);
    expect(children.flatMap((child) => childWarnings('s', child))).toEqual(warnings);
  });
});

describe('a supervisor that is below itself', () => {
  const supervisor = (type: string, children: unknown[]) => ({ kind: 'supervisor', type, spec: { children } });

  it.each<[string, () => unknown, string]>([
    [
      'directly',
      () => {
        const children: unknown[] = [];
        const one = supervisor('one', children);
        children.push({ id: 'a', start: actor }, { id: 'b', start: one });
        return one;
      },
      'children[0].start.spec.children[1].start',
    ],
    [
      'by way of another',
      () => {
        const children: unknown[] = [];
        const one = supervisor('one', [{ id: 'b', start: supervisor('two', children) }]);
        children.push({ id: 'c', start: one });
        return one;
      },
      'children[0].start.spec.children[0].start.spec.children[0].start',
    ],
  ])('%s is refused at its place', (_, make, path) => {
    const error = refused(() => checkSupervisorSpec('s', { children: [{ id: 'x', start: make() }] }));
    expect(error).toMatchObject({ data: { path, rule: 'cyclic' } });
  });

  it('is not one that is twice beside itself', () => {
    const one = supervisor('one', [{ id: 'a', start: actor }]);
    const children = ['b', 'c'].map((id) => ({ id, start: one }));
    expect(checkSupervisorSpec('s', { children }).children).toHaveLength(2);
    expect(checkSupervisorSpec('s', { children: [{ id: 'a', start: supervisor('two', children) }] }).warnings).toEqual(
      [],
    );
  });

  it('is looked for in little time where many share what is below', () => {
    let shared = supervisor('leaf', []);
    for (let level = 0; level < 64; level++) {
      shared = supervisor(
        `l${level}`,
        ['a', 'b'].map((id) => ({ id, start: shared })),
      );
    }
    expect(checkChildSpec('s', { id: 'x', start: shared }, flags).kind).toBe('supervisor');
  });
});
