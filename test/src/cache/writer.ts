import { open } from './open.ts';
import { killedTruth } from './truth.ts';

// Appends what its directory does not have yet of a topic, one batch at a time, and prints how far it is, until it is killed.
const { log } = await open(process.argv[2]!, { isCompacted: true });
await killedTruth().feed(log, { batches: 1, appended: () => process.stdout.write(`${log.next}\n`) });
