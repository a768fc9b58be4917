/** The codec of JAEGIS: JSON text that carries what JSON cannot. */
export { jsonCodec } from './json-codec.ts';
