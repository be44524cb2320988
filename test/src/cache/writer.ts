import { type Doing, doings, writtenTruth } from './killings.ts';
import { open } from './open.ts';

// Appends what its directory does not have yet of a topic, one batch at a time, and prints how far it is, until it is killed.
const [directory, doing, seed] = process.argv.slice(2) as [string, Doing, string];
const { log } = await open(directory, { configs: doings[doing], upkeepInterval: 3 });
await writtenTruth(Number(seed)).feed(log, { batches: 1, appended: () => process.stdout.write(`${log.next}\n`) });
