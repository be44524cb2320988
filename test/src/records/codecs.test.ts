import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { firstValueFrom } from 'rxjs';
import { compressSync } from 'snappy';
import { KafkaError } from '../../../src/protocol/kafka-error.ts';
import { type Compression, codecNamed, codecOf, codecsReady } from '../../../src/records/codecs/index.ts';

const CAP = 1 << 20;
const NAMES: readonly Compression[] = ['gzip', 'snappy', 'lz4', 'zstd'];

/** Numbers that are the same in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}

const text = Buffer.from(Array.from({ length: 4_000 }, (_, n) => `record ${n % 37} of ${n}\n`).join(''));

const outcome = (name: Compression, bytes: Uint8Array, cap = CAP): Uint8Array | string => {
  try {
    return codecNamed(name).inflate(bytes, cap);
  } catch (thrown) {
    if (thrown instanceof KafkaError) return thrown.code;
    throw thrown;
  }
};

beforeAll(() => firstValueFrom(codecsReady));

it('has the ids that Kafka gives them', () => {
  expect([0, 1, 2, 3, 4].map((id) => codecOf(id)?.name)).toEqual(['none', ...NAMES]);
  expect(codecOf(5)).toBeUndefined();
  expect(codecNamed('lz4').id).toBe(3);
});

describe.each(NAMES)('%s', (name) => {
  const { compress } = codecNamed(name);

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a byte', Buffer.from('x')],
    ['text', text],
    ['noise', randomBytes(100_000)],
    ['a view', randomBytes(1_000).subarray(10, 900)],
  ])('gives %s back', (_, bytes) => {
    expect(Buffer.compare(Buffer.from(outcome(name, compress(bytes)) as Uint8Array), bytes)).toBe(0);
  });

  it('refuses what would be more than its cap, without making it', () => {
    const bomb = compress(new Uint8Array(256 << 20));
    const before = process.memoryUsage.rss();
    expect(outcome(name, bomb)).toBe('KAFKA_TOO_LARGE');
    expect(process.memoryUsage.rss() - before).toBeLessThan(32 << 20);
    const within = compress(Buffer.alloc(CAP / 2, 'x'));
    expect((outcome(name, within) as Uint8Array).byteLength).toBe(CAP / 2);
  });

  it('refuses what is cut short, and what is no such thing', () => {
    const some = text.subarray(0, 2_000);
    const whole = compress(some);
    for (let size = 0; size < whole.byteLength; size += 1) {
      const found = outcome(name, whole.subarray(0, size));
      // The framing of snappy-java has no end: without its one block, it is nothing.
      expect([size, found]).toEqual([size, name === 'snappy' && size === 16 ? Buffer.alloc(0) : 'KAFKA_CODEC']);
    }
    expect(outcome(name, Buffer.from('this is what it is, uncompressed'))).toBe('KAFKA_CODEC');
  });

  it('answers bytes or a fault, whatever becomes of what it is given', () => {
    const whole = Buffer.from(compress(text));
    const next = random(7);
    for (let round = 0; round < 2_000; round += 1) {
      const mutant = Buffer.from(whole);
      for (let n = Math.ceil(next() * 3); n > 0; n -= 1) {
        mutant[Math.floor(next() * mutant.length)] = Math.floor(next() * 256);
      }
      const found = outcome(name, mutant);
      if (typeof found === 'string') expect(['KAFKA_CODEC', 'KAFKA_TOO_LARGE']).toContain(found);
      else expect(found.byteLength).toBeLessThanOrEqual(CAP);
    }
  });
});

describe('snappy', () => {
  it('is read without the framing of snappy-java, and with it in several blocks', () => {
    expect(Buffer.compare(Buffer.from(outcome('snappy', compressSync(text)) as Uint8Array), text)).toBe(0);
    const framed = codecNamed('snappy').compress(text);
    expect(framed.byteLength).toBeGreaterThan(0);
    expect(Buffer.from(framed.subarray(0, 16)).toString('hex')).toBe('82534e41505059000000000100000001');
    expect(text.byteLength).toBeGreaterThan(2 * 32 * 1024);
  });
});

describe('gzip', () => {
  it('is read where it comes in several members', () => {
    const members = Buffer.concat([gzipSync('a'), gzipSync('b')]);
    expect(Buffer.from(outcome('gzip', members) as Uint8Array).toString()).toBe('ab');
  });
});

describe('zstd', () => {
  it('is read where the frame does not say its size, as Java writes it', () => {
    const frame = Buffer.from('KLUv/QBYXAAAKGphdmEgAQDCLFpEAAAIagEAvioQAgEAAA==', 'base64');
    expect(Buffer.from(outcome('zstd', frame) as Uint8Array).toString()).toBe('java '.repeat(100));
  });
});
