/** Ports on 127.0.0.1 that nobody listens on. Another process may take one before it is used: the caller starts again. */
import { createServer, type Server } from 'node:net';

/** All different, as they are held together before they are let go. */
export async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: count }, () => hold()));
  const ports = held.map(portOf);
  await Promise.all(held.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  return ports;
}

/** Whether nobody listens on it at the moment. */
export async function isFree(port: number): Promise<boolean> {
  try {
    const server = await hold(port);
    await new Promise<void>((resolve) => server.close(() => resolve()));
    return true;
  } catch {
    return false;
  }
}

function hold(port = 0): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1' }, () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A listening socket has no port.');
  return address.port;
}
