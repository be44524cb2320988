import { type Code, SluiceError } from '../errors.ts';

type System = NodeJS.ErrnoException;

const CONNECTING: Readonly<Record<string, readonly [Code, string]>> = {
  ECONNREFUSED: ['NET_REFUSED', 'nothing listens there'],
  ENOTFOUND: ['NET_LOOKUP', 'the name is not known'],
  EAI_AGAIN: ['NET_LOOKUP', 'the name server does not answer'],
  ETIMEDOUT: ['NET_TIMEOUT', 'no answer in time'],
  EHOSTUNREACH: ['NET_UNREACHABLE', 'there is no way to the host'],
  ENETUNREACH: ['NET_UNREACHABLE', 'there is no way to the network'],
};

const LISTENING: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use by another process or binding',
  EACCES: 'this process may not use the port',
  EADDRNOTAVAIL: 'the address is not one of this machine',
  ENOTFOUND: 'the name is not known',
};

/** Why a connection to `where` (host:port) could not be made. */
export function connectFault(where: string, error: Error): SluiceError {
  const [code, why] = CONNECTING[codeOf(error)] ?? ['NET_FAILED', codeOf(error)];
  return new SluiceError(code, `cannot connect to ${where}: ${why}`, { cause: error });
}

/** Why an open connection with `where` (host:port) broke; without an error, it was cut on this side. */
export function brokenFault(where: string, error?: Error): SluiceError {
  if (error instanceof SluiceError) return error;
  if (error === undefined) return new SluiceError('NET_CLOSED', `the connection with ${where} was closed`);
  const code = codeOf(error);
  if (code === 'ECONNRESET' || code === 'EPIPE') return new SluiceError('NET_RESET', `${where} reset the connection`);
  if (code === 'ETIMEDOUT') return new SluiceError('NET_TIMEOUT', `${where} stopped answering`);
  return new SluiceError('NET_FAILED', `the connection with ${where} failed: ${code}`, { cause: error });
}

/** Why a server cannot listen on `where` (host:port). */
export function listenFault(where: string, error: Error): SluiceError {
  const code = codeOf(error);
  return new SluiceError('NET_LISTEN', `cannot listen on ${where}: ${LISTENING[code] ?? code} (${code})`, {
    cause: error,
  });
}

/** The name of a system or OpenSSL error; what has none gives its message. */
export const codeOf = (error: System): string => error.code ?? error.message;
