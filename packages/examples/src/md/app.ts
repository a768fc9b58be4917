import { defineApp } from 'jaegis';
import { campaign } from './campaign.ts';
import { simulation } from './simulation.ts';
import { validator } from './validator.ts';

// biome-ignore lint/style/noDefaultExport: `jaegis node --app` takes the default export
/** What every node of the demo runs. */
export default defineApp({ entities: [campaign, simulation, validator] });
