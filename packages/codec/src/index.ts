/** The codecs of JAEGIS: a binary one for the wire and the journal, and JSON text that carries what JSON cannot. */
export { binaryCodec } from './binary-codec.ts';
export { jsonCodec } from './json-codec.ts';
