import { createDecipheriv, createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { at, children, type Der, intOf, oidOf, tags } from './der.ts';
import { WrongPassword } from './stored.ts';

const PBES2 = '1.2.840.113549.1.5.13';
const TRIPLE_DES = '1.2.840.113549.1.12.1.3';

const DIGESTS: Readonly<Record<string, readonly [name: string, block: number]>> = {
  '1.3.14.3.2.26': ['sha1', 64],
  '2.16.840.1.101.3.4.2.1': ['sha256', 64],
  '2.16.840.1.101.3.4.2.2': ['sha384', 128],
  '2.16.840.1.101.3.4.2.3': ['sha512', 128],
};

const PRFS: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

const CIPHERS: Readonly<Record<string, readonly [name: string, keyLength: number]>> = {
  '2.16.840.1.101.3.4.1.2': ['aes-128-cbc', 16],
  '2.16.840.1.101.3.4.1.22': ['aes-192-cbc', 24],
  '2.16.840.1.101.3.4.1.42': ['aes-256-cbc', 32],
};

/** Iterations above this would hold the process for minutes, and nobody's store has them. */
const MOST_ITERATIONS = 5_000_000;

/** Checks the MacData of a PKCS #12 store over its content. @throws WrongPassword, RangeError */
export function verify(mac: Der, content: Buffer, password: string): void {
  const [digest, block] = known(DIGESTS, at(mac, 0, 0, 0));
  const expected = at(mac, 0, 1).content;
  const iterations = children(mac)[2];
  const rounds = iterations === undefined ? 1 : roundsOf(iterations);
  const key = derive(digest, block, 3, password, at(mac, 1).content, rounds, expected.length);
  const actual = createHmac(digest, key).update(content).digest();
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) throw new WrongPassword();
}

/** The content of an EncryptedContentInfo. @throws WrongPassword, RangeError */
export function decrypt(info: Der, password: string): Buffer {
  const [cipher, key, iv] = keyFor(at(info, 1), password);
  const sealed = at(info, 2);
  // An OCTET STRING with an implicit tag: in one piece or, constructed, in several.
  const pieces = sealed.tag === tags.constructed0 ? children(sealed) : [sealed];
  try {
    const decipher = createDecipheriv(cipher, key, iv);
    return Buffer.concat([...pieces.map((piece) => decipher.update(piece.content)), decipher.final()]);
  } catch {
    throw new WrongPassword();
  }
}

type Key = readonly [cipher: string, key: Buffer, iv: Buffer];

function keyFor(algorithm: Der, password: string): Key {
  const scheme = oidOf(at(algorithm, 0));
  const parameters = at(algorithm, 1);
  if (scheme === PBES2) {
    const derivation = at(parameters, 0, 1);
    const prf = children(derivation).find(({ tag }) => tag === tags.sequence);
    const [cipher, length] = known(CIPHERS, at(parameters, 1, 0));
    const digest = prf === undefined ? 'sha1' : known(PRFS, at(prf, 0));
    const key = pbkdf2Sync(password, at(derivation, 0).content, roundsOf(at(derivation, 1)), length, digest);
    return [cipher, key, at(parameters, 1, 1).content];
  }
  if (scheme === TRIPLE_DES) {
    const [salt, rounds] = [at(parameters, 0).content, roundsOf(at(parameters, 1))];
    const made = (purpose: number, length: number): Buffer =>
      derive('sha1', 64, purpose, password, salt, rounds, length);
    return ['des-ede3-cbc', made(1, 24), made(2, 8)];
  }
  throw unread(scheme);
}

/** Key derivation of RFC 7292, appendix B; `purpose` is 1 for a key, 2 for an IV, 3 for a MAC. */
function derive(
  digest: string,
  block: number,
  purpose: number,
  password: string,
  salt: Buffer,
  rounds: number,
  length: number,
): Buffer {
  const filled = (bytes: Buffer): Buffer => {
    const whole = Buffer.alloc(Math.ceil(bytes.length / block) * block);
    return bytes.length === 0 ? whole : whole.fill(bytes);
  };
  const state = Buffer.concat([filled(salt), filled(Buffer.from(`${password}\0`, 'utf16le').swap16())]);
  const made: Buffer[] = [];
  for (let total = 0; total < length; ) {
    let hash = createHash(digest).update(Buffer.alloc(block, purpose)).update(state).digest();
    for (let round = 1; round < rounds; round += 1) hash = createHash(digest).update(hash).digest();
    made.push(hash);
    total += hash.length;
    addTo(state, Buffer.alloc(block, hash));
  }
  return Buffer.concat(made).subarray(0, length);
}

/** Adds `added` + 1 to every block of `state`, each a big-endian number that wraps. */
function addTo(state: Buffer, added: Buffer): void {
  for (let start = 0; start < state.length; start += added.length) {
    let carry = 1;
    for (let index = added.length - 1; index >= 0; index -= 1) {
      carry += state.readUInt8(start + index) + added.readUInt8(index);
      state.writeUInt8(carry & 0xff, start + index);
      carry >>= 8;
    }
  }
}

function roundsOf(iterations: Der): number {
  const rounds = intOf(iterations);
  if (rounds <= MOST_ITERATIONS) return rounds;
  throw new RangeError(`it asks for ${rounds} iterations, more than the ${MOST_ITERATIONS} this build does`);
}

function known<T>(table: Readonly<Record<string, T>>, oid: Der): T {
  const found = table[oidOf(oid)];
  if (found === undefined) throw unread(oidOf(oid));
  return found;
}

const unread = (oid: string): RangeError =>
  new RangeError(`it uses the algorithm ${oid}, which this build does not read; export it with AES-256 and SHA-256`);
