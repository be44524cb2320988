import type { Kind } from './kind.ts';
import { echo } from './kinds/echo.ts';
import { filesystem } from './kinds/filesystem.ts';
import { http } from './kinds/http.ts';
import { httpKafka } from './kinds/http-kafka.ts';
import { kafka } from './kinds/kafka.ts';
import { kafkaCache } from './kinds/kafka-cache.ts';
import { kafkaEmbedded } from './kinds/kafka-embedded.ts';
import { pending } from './kinds/pending.ts';
import { sse } from './kinds/sse.ts';
import { sseKafka } from './kinds/sse-kafka.ts';
import { tcp } from './kinds/tcp.ts';
import { tls } from './kinds/tls.ts';

/** Every kind that this build can make. To add a binding, describe its kinds and list them here. */
export const makeable = [
  ...tcp,
  ...tls,
  ...echo,
  ...http,
  ...sse,
  ...sseKafka,
  ...filesystem,
  ...httpKafka,
  ...kafka,
  ...kafkaCache,
  ...kafkaEmbedded,
] as const;

/** Every kind that this build knows, the ones it cannot honour yet included. */
export const kinds: readonly Kind[] = [
  ...makeable,
  ...pending.filter((known) => !makeable.some(({ type, kind }) => type === known.type && kind === known.kind)),
];

/** What a section holds that this build knows by type, and refuses. */
export const refusedTypes = {
  stores: ['memory'],
  catalogs: ['inline', 'filesystem', 'schema-registry', 'apicurio', 'karapace'],
} as const;
