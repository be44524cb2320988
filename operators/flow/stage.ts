import type { Kafka } from '../../src/protocol/kafka.ts';
import { onlyProduces, type ProducingBegin } from '../../src/protocol/kafka-producing.ts';
import { answer } from '../../src/protocol/kafka-stream.ts';
import type { Proxy as StreamProxy } from '../../src/protocol.ts';
import { type StageOptions, Stages, settingsOf } from '../../src/stage/stages.ts';
import { route } from './route.ts';

export type { StageOptions } from '../../src/stage/stages.ts';

/**
 * Takes records in fragments from any number of streams, puts each together aside from the others, and hands those that
 * are whole on, with their exact length, to one stream per partition. What reads passes through as it is.
 *
 *     one       -a---A---|        a and A are one record, x is another
 *     two       ---x-----|
 *     exit      ---x-(aA)
 *     one gets  B----1-(E|)
 *     two gets  B--1---(E|)
 *
 * - *emits* records per partition in the order in which they became whole, and to each stream its own answers, by its own
 *   numbers; those to records of one partition in order
 * - *drops* what a stream leaves unfinished; refuses, and swallows the rest of, a record that is too large
 *   (`KAFKA_RECORD_TOO_LARGE`), and the youngest of those that fill the disk and are all unfinished (`STAGE_FULL`)
 * - *backpressures* each stream while its records fill its share of memory; what is written to disk, or answered, no
 *   longer does, and an unfinished record that uses the share up is written
 * - *ends* each stream on END after its last answer; at once on ABORT. What is whole is handed on all the same
 *
 * @throws SluiceError OPTION_INVALID
 *
 * @example
 * const kafka = stage({ store: '/var/lib/app/stage' })(client(tcpClient(), { servers }));
 */
export function stage(options: StageOptions): StreamProxy<Kafka, Kafka> {
  const settings = settingsOf(options);
  return (exit) => {
    const stages = new Stages(exit, settings);
    const staging = answer(
      ({ ext, control }, stream) => stages.answer(ext as ProducingBegin, control, stream),
      settings.scheduler,
    );
    return route<Kafka>((ext) => (onlyProduces(ext) ? staging : exit));
  };
}
