// The parts of kafkajs 2.2.4 that `kafkajs.ts` uses; they have no types of their own.

declare module 'kafkajs/src/protocol/requests/index.js' {
  /** One version of a request, with its body. */
  interface Versioned {
    readonly request: { encode(): Promise<{ readonly buffer: Buffer }> };
    readonly response: { decode(body: Buffer): Promise<unknown> };
  }
  interface Definition {
    protocol(options: { readonly version: number }): (body: object) => Versioned;
  }
  const module: { readonly requests: Readonly<Record<string, Definition>> };
  export default module;
}

declare module 'kafkajs/src/broker/saslAuthenticator/*' {
  /** One message of the client, and how the answer to it is read. Both begin with their length, in 4 bytes. */
  interface Step {
    readonly request: { encode(): Promise<Buffer> };
    readonly response?: {
      decode(bytes: Buffer): Promise<unknown>;
      parse(decoded: unknown): Promise<unknown>;
    };
  }
  interface Broker {
    readonly host: string;
    readonly port: number;
    readonly logger: { debug(): void; error(): void };
    saslAuthenticate(step: Step): Promise<unknown>;
  }
  const provider: (credentials: object) => (broker: Broker) => { authenticate(): Promise<void> };
  export default provider;
}
