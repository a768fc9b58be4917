/** One campaign on a running cluster, as its client sees it: starts it, kills nodes on the way, and waits for its end. */
import { writeFile } from 'node:fs/promises';
import { treeSvg } from '@jaegis/cli';
import { type ClusterEvent, type JaegisNode, requestInspection } from 'jaegis';
import { type CampaignReport, campaign } from './campaign.ts';
import { type Incident, Incidents } from './incidents.ts';
import type { NodeProcesses } from './node-processes.ts';
import { CHUNK, type DemoOptions } from './options.ts';
import { type CampaignPlan, planRuns } from './run.ts';
import type { Screen } from './screen.ts';

const TEMPERATURES = [0.7, 0.85, 1, 1.2, 1.5, 2];
const ASK = { timeoutMs: 20_000 };
/** How often the campaign is asked how far it is, in ms. */
const LOOK_MS = 2_000;

export function planOf({ seed, steps }: DemoOptions): CampaignPlan {
  return { temperatures: TEMPERATURES, seed, dt: 0.004, steps, chunk: CHUNK };
}

export class CampaignRun {
  readonly incidents: Incidents;
  readonly #client: JaegisNode;
  readonly #nodes: NodeProcesses;
  readonly #options: DemoOptions;
  readonly #screen: Screen;
  readonly #completed = Promise.withResolvers<void>();
  #changed = Promise.withResolvers<void>();

  constructor(client: JaegisNode, nodes: NodeProcesses, options: DemoOptions, screen: Screen) {
    this.#client = client;
    this.#nodes = nodes;
    this.#options = options;
    this.#screen = screen;
    this.incidents = new Incidents(options.steps);
    client.onEvent((event) => this.#onEvent(event));
  }

  /** Runs the campaign to its end and returns what it reports. */
  async run(): Promise<CampaignReport> {
    const ref = this.#client.entity(campaign, 'main');
    await ref.ask({ type: 'start', plan: planOf(this.#options) }, { ...ASK, idempotencyKey: 'start' });
    const kills = this.#killOnTheWay();
    const looking = setInterval(() => void this.#look(), LOOK_MS);
    await Promise.all([this.#completed.promise, kills]).finally(() => clearInterval(looking));
    return this.#report();
  }

  async #report(): Promise<CampaignReport> {
    // Typed by the campaign's reply action.
    return (await this.#client.entity(campaign, 'main').ask({ type: 'report' }, ASK)) as CampaignReport;
  }

  /** A node that is killed takes along what it has committed and not announced yet: no event is waited for for ever. */
  async #look(): Promise<void> {
    const report = await this.#report().catch(() => undefined); // at the next look
    if (!report) return;
    for (const { name } of report.results) this.incidents.finished(name);
    if (report.validation) this.#completed.resolve();
    this.#change();
  }

  async #killOnTheWay(): Promise<void> {
    const { kills } = this.#options;
    for (let kill = 0; kill < kills; kill++) {
      await this.#until(() => this.#progress() >= 0.3 + (0.4 * kill) / kills);
      const victim = this.incidents.busiest(this.#nodes.names);
      if (!victim) return;
      const incident = this.incidents.killed(victim.node, performance.now());
      this.#nodes.kill(victim.node);
      this.#screen.say(`killed    ${victim.node} by SIGKILL; it ran ${victim.runs.join(' ')}`);
      await this.#until(() => this.incidents.isOver(incident));
      await this.#draw(incident);
      if (kill + 1 < kills) await this.#restart(incident);
    }
  }

  async #draw({ moved }: Incident): Promise<void> {
    const { picture } = this.#options;
    if (picture === undefined) return;
    await using inspection = await requestInspection({ nats: this.#nodes.urls, cluster: this.#client.cluster });
    const healed = new Set(Object.keys(moved).map((run) => `simulation/${run}`));
    await writeFile(picture, treeSvg(await inspection.tree(), healed));
  }

  async #restart({ victim }: Incident): Promise<void> {
    await this.#nodes.start(victim);
    this.#screen.say(`restarted ${victim}`);
  }

  #progress(): number {
    const done = [...this.incidents.steps.values()].reduce((sum, step) => sum + step, 0);
    return done / (TEMPERATURES.length * this.#options.steps);
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await this.#changed.promise;
  }

  #onEvent(event: ClusterEvent): void {
    this.incidents.on(event, performance.now());
    this.#tell(event);
    if (event.type === 'campaign_completed') this.#completed.resolve();
    const bars = planRuns(planOf(this.#options)).map(({ name }) => {
      const step = this.incidents.steps.get(name) ?? 0;
      return { name, step, steps: this.#options.steps, node: this.incidents.nodeOf(name) };
    });
    this.#screen.show(bars);
    this.#change();
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  #tell(event: ClusterEvent): void {
    const { type, node } = event;
    if (type === 'node_down') this.#screen.say(`noticed   ${event.down} is down, says ${node}`);
    if (type === 'node_joined') this.#screen.say(`joined    ${event.joined}`);
    if (type === 'entity_started' && event.resumed === true) {
      this.#screen.say(`resumed   ${event.entity} on ${node}, from turn ${event.turn}`);
    }
    if (type === 'actor_crashed') this.#screen.say(`crashed   ${event.address}: ${event.error}`);
    if (type === 'run_finished') this.#screen.say(`finished  ${event.run}`);
  }
}
