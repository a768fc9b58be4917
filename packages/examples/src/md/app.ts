import { defineApp } from 'jaegis';
import { campaign } from './campaign.ts';
import { simulation } from './simulation.ts';
import { validator } from './validator.ts';

export default defineApp({ entities: [campaign, simulation, validator] });
