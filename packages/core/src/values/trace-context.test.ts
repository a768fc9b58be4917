import { describe, expect, it } from 'vitest';
import { formatTraceparent, parseTraceparent } from './trace-context.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

describe('a traceparent', () => {
  it('is read and written', () => {
    const text = `00-${traceId}-${spanId}-01`;
    expect(parseTraceparent(text)).toEqual({ traceId, spanId, flags: 1 });
    expect(formatTraceparent({ traceId, spanId, flags: 1 })).toBe(text);
  });

  it('of a later version is read as far as it is known', () => {
    expect(parseTraceparent(`01-${traceId}-${spanId}-00-more`)).toEqual({ traceId, spanId, flags: 0 });
  });

  it.each([
    ['', 'nothing'],
    [`00-${traceId}-${spanId}`, 'no flags'],
    [`00-${traceId}-${spanId}-01-more`, 'more than version 00 has'],
    [`ff-${traceId}-${spanId}-01`, 'the version that is forbidden'],
    [`00-${'0'.repeat(32)}-${spanId}-01`, 'a trace of zeros'],
    [`00-${traceId}-${'0'.repeat(16)}-01`, 'a span of zeros'],
    [`00-${traceId.toUpperCase()}-${spanId}-01`, 'capital letters'],
    [`00-${traceId.slice(1)}-${spanId}-01`, 'too few digits'],
  ])('%j has %s and is none', (text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });
});
