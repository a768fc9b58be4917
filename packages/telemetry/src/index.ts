/** The telemetry port on OpenTelemetry. */
export { OpenTelemetry } from './open-telemetry.ts';
