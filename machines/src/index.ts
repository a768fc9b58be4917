/** The statecharts of JAEGIS: what is decided, never how it is done. */
export { type BreakerStateValue, breakerMachine } from './breaker.ts';
export { type ConsensusAction, consensusMachine } from './consensus.ts';
export { memberMachine } from './member.ts';
export { nodeMachine } from './node.ts';
