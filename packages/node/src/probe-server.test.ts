import { expect, onTestFinished, test } from 'vitest';
import { type ProbeAnswer, type Probes, serveProbes, worstSinceLast } from './probe-server.ts';

const fine: ProbeAnswer = { ok: true, reasons: [] };

async function serve(probes: Partial<Probes> = {}): Promise<string> {
  const server = await serveProbes({
    port: 0,
    host: '127.0.0.1',
    probes: { live: () => fine, ready: () => fine, started: () => fine, ...probes },
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return `http://127.0.0.1:${server.port}`;
}

test.each(['/live', '/ready', '/started', '/ready?verbose'])('%s is 200 while it is ok', async (path) => {
  const response = await fetch((await serve()) + path);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject(fine);
});

test('what is not ok is 503 with its reasons', async () => {
  const base = await serve({ ready: () => ({ ok: false, reasons: ['it drains'] }) });
  const response = await fetch(`${base}/ready`);
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({ ok: false, reasons: ['it drains'] });
  expect((await fetch(`${base}/live`)).status).toBe(200);
});

test('a probe that throws is not ok', async () => {
  const ready = () => {
    throw new Error('nobody knows');
  };
  const response = await fetch(`${await serve({ ready })}/ready`);
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({ ok: false, reasons: ['nobody knows'] });
});

test('/live says how late the event loop was', async () => {
  const said: unknown = await (await fetch(`${await serve()}/live`)).json();
  expect(said).toMatchObject({ loopLateMs: expect.any(Number) });
});

test.each([
  [0, 0],
  [20_100_000, 0],
  [19_900_000, 0],
  [320_000_000, 300],
])('when at most %i ns passed from one look at the loop to the next, it was %i ms late', (max, late) => {
  let resets = 0;
  expect(worstSinceLast({ max, reset: () => resets++ })).toBe(late);
  expect(resets).toBe(1);
});

test('another path is 404 and says what there is; another method is 405', async () => {
  const base = await serve();
  const response = await fetch(`${base}/healthz`);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ reasons: ['ask for /live, /ready or /started'] });
  expect((await fetch(`${base}/live`, { method: 'POST' })).status).toBe(405);
});

test('a port that is taken is refused with its number', async () => {
  const port = Number(new URL(await serve()).port);
  const refused = serveProbes({
    port,
    host: '127.0.0.1',
    probes: { live: () => fine, ready: () => fine, started: () => fine },
  });
  await expect(refused).rejects.toMatchObject({ code: 'invalid_config', data: { path: 'probes.port', port } });
});

test('closing does not wait for connections that are kept open', async () => {
  const probes = { live: () => fine, ready: () => fine, started: () => fine };
  const server = await serveProbes({ port: 0, host: '127.0.0.1', probes });
  await (await fetch(`http://127.0.0.1:${server.port}/live`)).text();
  await server[Symbol.asyncDispose]();
  await expect(fetch(`http://127.0.0.1:${server.port}/live`)).rejects.toThrow();
});
