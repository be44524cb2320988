import { execFile } from 'node:child_process';
import { classPath } from './install.ts';
import { javaArguments } from './jvm.ts';
import { java } from './requirements.ts';

const TWO_MINUTES = 120_000;
const MOST_OUTPUT = 64 * 1024 * 1024;

/** The main classes of Kafka's console tools, by the names of their shell scripts. */
export const TOOLS = {
  'kafka-acls': 'org.apache.kafka.tools.AclCommand',
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-dump-log': 'org.apache.kafka.tools.DumpLogSegments',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'kafka-reassign-partitions': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  'kafka-storage': 'kafka.tools.StorageTool',
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-transactions': 'org.apache.kafka.tools.TransactionsCommand',
} as const;

/**
 * Runs a console tool of the pinned Kafka and answers its standard output.
 * @param main a script's name, as in `TOOLS`, or any main class
 * @param stdin text for its standard input; default none
 * @throws Error with both outputs, when it exits with anything but 0 or takes more than two minutes
 */
export async function tool(main: string, args: readonly string[], stdin = ''): Promise<string> {
  const mainClass = Object.hasOwn(TOOLS, main) ? TOOLS[main as keyof typeof TOOLS] : main;
  const command = javaArguments(await classPath(), '256m', mainClass, args);
  return new Promise((resolve, reject) => {
    const options = { timeout: TWO_MINUTES, maxBuffer: MOST_OUTPUT };
    const child = execFile(java(), command, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${main} failed (${error.code ?? error.signal}):\n${stdout}${stderr}`));
    });
    // A tool that ends without reading its input breaks the pipe; its exit code says what matters.
    child.stdin?.on('error', () => {}).end(stdin);
  });
}
