import type { Observable } from 'rxjs';
import type { Fault } from '../errors.ts';
import type { Lane, Protocol } from '../protocol.ts';

/** One end of a connection. */
export interface Endpoint {
  /** A literal IPv4 or IPv6 address, or a host name where the address is not known yet. */
  readonly address: string;
  readonly port: number;
}

/** What opens a network stream: what a server learnt of it, or what a client asks for. */
export interface NetBegin {
  readonly local?: Endpoint;
  readonly remote?: Endpoint;
  /** The host that the peer was asked for by name (TLS SNI), where there is one. */
  readonly authority?: string;
  /** The application protocol agreed on by ALPN. */
  readonly alpn?: string;
  /** Whether the bytes came encrypted, by TLS. */
  readonly secure?: boolean;
  /** Emits once its server is about to stop: what need not be finished should end. */
  readonly draining?: Observable<unknown>;
}

/** Either lane of a network stream: bytes, one credit each. */
export interface NetLane extends Lane {
  readonly begin: NetBegin;
  readonly data: Uint8Array;
  readonly flush: never;
  readonly end: undefined;
  readonly abort: Fault;
}

/** Bytes over a connection; END of a lane is its half-close, ABORT its reset. */
export interface Net extends Protocol {
  readonly initial: NetLane;
  readonly reply: NetLane;
}
