import { type Failed, kafkajsApi, withoutSize, withSize } from '../kafkajs.ts';
import type { Answer } from './api.ts';

/** Names the mechanism that is to be used. */
export const saslHandshake = kafkajsApi<
  { readonly mechanism: string },
  Answer & { readonly error: number; readonly mechanisms: readonly string[] },
  Failed & { enabledMechanisms: string[] }
>({
  key: 17,
  name: 'SaslHandshake',
  version: 1,
  request: (body) => body,
  answer: ({ errorCode, enabledMechanisms }) => ({ throttleMs: 0, error: errorCode, mechanisms: enabledMechanisms }),
});

/** One message of a mechanism, and its answer. */
export const saslAuthenticate = kafkajsApi<
  { readonly bytes: Uint8Array },
  Answer & {
    readonly error: number;
    readonly message: string | null;
    readonly bytes: Uint8Array;
    /** For how many milliseconds the session lasts; 0 for ever (KIP-368). */
    readonly lifetimeMs: number;
  },
  Failed & { authBytes: Buffer; sessionLifetimeMs: string }
>({
  key: 36,
  name: 'SaslAuthenticate',
  version: 1,
  request: ({ bytes }) => ({ authBytes: withSize(bytes) }),
  answer: ({ errorCode, errorMessage, authBytes, sessionLifetimeMs }) => ({
    throttleMs: 0,
    error: errorCode,
    message: errorMessage || null,
    bytes: withoutSize(authBytes),
    lifetimeMs: Number(sessionLifetimeMs),
  }),
});
