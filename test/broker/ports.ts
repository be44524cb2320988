import { once } from 'node:events';
import { createServer } from 'node:net';

// Below Linux's ephemeral range (32768 and up), so that while a broker is down no outgoing connection takes its port.
const LOWEST = 10_000;
const HIGHEST = 32_000;

/** `count` different ports of 127.0.0.1 that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
