import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';

/** A process of this machine. Its arguments are not even read: they may hold secrets. */
export interface Process {
  readonly pid: number;
  /** Of its executable; Linux keeps 15 bytes of it. */
  readonly name: string;
  /** What it has run so far on all cores together, in milliseconds. */
  readonly cpuTime: number;
  /** What it holds in memory (its resident set), in bytes. */
  readonly memory: number;
  /** When it began, in milliseconds since 1970: with the pid, which is used again, what it is known by. */
  readonly began: number;
}

/** Lists the processes of this machine: on Linux from /proc, at no process of its own; elsewhere by `ps`. */
export type ProcessList = () => Promise<Process[]>;

/** How this machine lists its processes. Rejects where there is neither /proc nor `ps`. */
export const processList = async (): Promise<ProcessList> =>
  process.platform === 'linux' ? fromProc(await linuxUnits()) : fromPs;

const run = promisify(execFile);

/** What the numbers in /proc count. */
export interface LinuxUnits {
  /** Bytes of a page. */
  readonly page: number;
  /** Clock ticks of a second. */
  readonly ticks: number;
  /** When the machine began, in milliseconds since 1970. */
  readonly boot: number;
}

async function linuxUnits(): Promise<LinuxUnits> {
  const [page, ticks] = await Promise.all(
    ['PAGESIZE', 'CLK_TCK'].map(async (name) => Number((await run('getconf', [name])).stdout)),
  );
  const boot = /^btime (\d+)$/m.exec(await readFile('/proc/stat', 'utf8'))?.[1];
  return { page: page as number, ticks: ticks as number, boot: Number(boot) * 1000 };
}

const fromProc =
  (units: LinuxUnits): ProcessList =>
  async () => {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const found = await Promise.all(
      pids.map(async (pid) => {
        try {
          const found = processOfStat(await readFile(`/proc/${pid}/stat`, 'utf8'), units);
          return found.name.includes(' ') ? { ...found, name: await executableOf(found) } : found;
        } catch (thrown) {
          if (GONE.has((thrown as NodeJS.ErrnoException).code ?? '')) return undefined;
          throw thrown;
        }
      }),
    );
    return found.filter((one) => one !== undefined);
  };

/** How Linux says that a process ended between two looks. */
const GONE = new Set(['ENOENT', 'ESRCH']);

/** A process may give itself a name that has its arguments; its executable has none. That of others cannot be seen. */
const executableOf = ({ pid, name }: Process): Promise<string> =>
  readlink(`/proc/${pid}/exe`).then(basename, () => name.split(' ')[0] as string);

/** Reads a `/proc/PID/stat` as proc_pid_stat(5) has it. The name stands in parentheses, and may itself hold some. */
export function processOfStat(stat: string, { page, ticks, boot }: LinuxUnits): Process {
  const open = stat.indexOf('(');
  const close = stat.lastIndexOf(')');
  // The first of these is field 3.
  const fields = stat.slice(close + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    pid: Number(stat.slice(0, open)),
    name: stat.slice(open + 1, close),
    cpuTime: ((field(14) + field(15)) * 1000) / ticks,
    memory: field(24) * page,
    began: boot + (field(22) * 1000) / ticks,
  };
}

const fromPs: ProcessList = async () => {
  // `-c` names the executable alone. It is this process's child, and gone by now.
  const listing = run('ps', ['-axco', 'pid=,rss=,time=,lstart=,comm='], { env: { ...process.env, LC_ALL: 'C' } });
  const { pid } = listing.child;
  return processesOfPs((await listing).stdout).filter((one) => one.pid !== pid);
};

const PS_LINE =
  /^\s*(\d+)\s+(\d+)\s+(?:(\d+)-)?(?:(\d+):)?(\d+):([\d.]+)\s+(\w+\s+\w+\s+\d+\s+[\d:]+\s+\d+)\s+(.*?)\s*$/;

/** Reads what `ps -axco pid=,rss=,time=,lstart=,comm=` prints on BSD and macOS. */
export const processesOfPs = (text: string): Process[] =>
  text.split('\n').flatMap((line) => {
    const [, pid, rss, days = 0, hours = 0, minutes, seconds, began = '', name = ''] = PS_LINE.exec(line) ?? [];
    if (pid === undefined) return [];
    const cpuTime = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
    return { pid: Number(pid), name, cpuTime: cpuTime * 1000, memory: Number(rss) * 1024, began: Date.parse(began) };
  });
