/** A supervisor on a clock that stands still, and what happens to it. */
import { type ChildSpec, defineSupervisor, type SupervisorSpec } from '@jaegis/actors';
import { virtualSystem } from './kernel.ts';

/** Two restarts an hour, unless said otherwise: as OTP's own tests have it. */
const flags = { intensity: 2, periodMs: 3_600_000 };

/** Starts it under the name `s`; its end stays the matter of the test. */
export async function supervise(spec: Omit<SupervisorSpec, 'children'>, children: readonly ChildSpec[]) {
  const world = virtualSystem();
  const { system, clock } = world;
  const supervisor = await clock.runUntilSettled(
    system.supervise(defineSupervisor('s', { ...flags, ...spec, children }), { name: 's', restart: 'temporary' }),
  );
  let end: unknown;
  void system.monitor(supervisor).down.then(({ reason }) => {
    end = reason;
  });
  return {
    ...world,
    supervisor,
    /** Undefined while it lives. */
    ended: () => end,
    ref: (id: string) => system.at(`n1/user/s/${id}`),
    /** Tells a probe what to do, and lets the consequences come. */
    async tell(id: string, type: string, fields: object = {}) {
      system.at(`n1/user/s/${id}`).tell({ type, ...fields });
      await clock.advance(1);
    },
    async kill(id: string) {
      system.exit(`n1/user/s/${id}`, 'kill');
      await clock.advance(1);
    },
    /** In the order of their start. */
    ids: async () => (await supervisor.whichChildren()).map(({ id }) => id).reverse(),
    incarnations: async () => (await supervisor.whichChildren()).map(({ incarnation }) => incarnation).reverse(),
    /** As OTP writes them: specs, active, supervisors, workers. */
    async counts() {
      const { specs, active, supervisors, workers } = await supervisor.countChildren();
      return [specs, active, supervisors, workers];
    },
  };
}
