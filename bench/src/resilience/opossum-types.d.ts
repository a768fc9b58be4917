/** What is used of opossum, which brings no types. */
declare module 'opossum' {
  class CircuitBreaker<Arguments extends unknown[], Result> {
    constructor(action: (...given: Arguments) => Promise<Result>, options?: { readonly timeout?: number | false });
    fire(...given: Arguments): Promise<Result>;
    shutdown(): void;
  }
  export = CircuitBreaker;
}
