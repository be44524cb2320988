import type { Readable } from 'node:stream';
import { SluiceError } from '../errors.ts';

const MOST_BYTES = 64 * 1024 * 1024;
const NEWLINE = 0x0a;

/** The bytes of a stream as they come. @throws SluiceError CLI_INPUT */
export async function* chunksOf(stream: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk;
  } catch (thrown) {
    throw new SluiceError('CLI_INPUT', (thrown as Error).message, { cause: thrown });
  }
}

/** The lines of a stream, in lists of those that come together. @throws SluiceError CLI_INPUT */
export async function* linesOf(stream: Readable): AsyncGenerator<readonly Buffer[]> {
  let begun: Buffer[] = [];
  let length = 0;
  let count = 0;
  const whole = (rest: Buffer): Buffer => {
    const line = length === 0 ? rest : Buffer.concat([...begun, rest]);
    begun = [];
    length = 0;
    return line;
  };
  for await (const chunk of chunksOf(stream)) {
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      lines.push(whole(chunk.subarray(start, end)));
      start = end + 1;
    }
    if (start < chunk.length) begun.push(chunk.subarray(start));
    length += chunk.length - start;
    count += lines.length;
    if (lines.length > 0) yield lines;
    if (length > MOST_BYTES) {
      throw new SluiceError('CLI_INPUT', `line ${count + 1} is longer than ${MOST_BYTES} bytes`);
    }
  }
  if (length > 0) yield [whole(Buffer.alloc(0))];
}
