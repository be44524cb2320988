import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { packageRoot } from './broker/root.ts';

const root = packageRoot();

/** Every source of a folder: its path from the root, and what it imports: packages as they are, files from the root. */
const sources = ['src', 'operators', 'graphs'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => {
      const path = join(folder, name);
      const text = readFileSync(join(root, path), 'utf8');
      const imports = [
        ...text.matchAll(/^(?:import|export)\s[^'";]*?from\s+'([^']+)';|^import\s+'([^']+)';|import\('([^']+)'\)/gm),
      ]
        .map(([, from, bare, dynamic]) => (from ?? bare ?? dynamic) as string)
        .map((from) => (from.startsWith('.') ? relative(root, join(root, dirname(path), from)) : from));
      return { path, imports, lines: text.split('\n').length };
    }),
);

/** Who may import what: the first rule whose `from` matches a file is the one that holds for it. */
const rules: readonly { readonly from: RegExp; readonly may: RegExp }[] = [
  { from: /^src\/(index\.ts|cli\/)/, may: /./ },
  {
    from: /^graphs\/quickstart\/page\//,
    may: /^preact(\/|$)|^vite$|^graphs\/quickstart\/(page\/[a-z-]+\.(tsx?|css)|changes\.ts)$/,
  },
  { from: /^graphs\/quickstart\//, may: /./ },
  {
    from: /^src\/testing\//,
    may: /^(rxjs|rxjs\/testing|fast-check|node:assert)$|^src\/((testing|flow)\/)?[a-z-]+\.ts$/,
  },
  { from: /^src\/protocol\//, may: /^rxjs$|^src\/((protocol|log)\/)?[a-z-]+\.ts$/ },
  { from: /^src\/net\//, may: /^node:|^rxjs$|^node-forge$|^src\/(net\/|protocol\/|flow\/)?[a-z0-9-]+\.ts$/ },
  {
    from: /^src\/cache\//,
    may: /^node:|^rxjs$|^classic-level$|^@node-rs\/crc32$|^src\/(cache\/([a-z]+\/)?|protocol\/|log\/|producing\/|records\/(codecs\/)?)?[a-z0-9-]+\.ts$/,
  },
  { from: /^src\/guards\//, may: /^node:crypto$|^rxjs$|^jose$|^src\/(guards\/|protocol\/)?[a-z-]+\.ts$/ },
  { from: /^src\/kafka\/kafkajs\.ts$/, may: /^kafkajs|^rxjs$|^src\/(kafka\/(requests\/)?|protocol\/)?[a-z0-9-]+\.ts$/ },
  {
    from: /^src\/records\/codecs\//,
    may: /^(node:zlib|rxjs|snappy|lz4-napi|@bokuweb\/zstd-wasm)$|^src\/(records\/codecs\/|protocol\/)[a-z0-9-]+\.ts$/,
  },
  { from: /^src\/records\//, may: /^@node-rs\/crc32$|^src\/(records\/(codecs\/)?|protocol\/)?[a-z0-9-]+\.ts$/ },
  {
    from: /^src\/kafka\//,
    may: /^node:|^rxjs$|^src\/(kafka\/([a-z]+\/)?|protocol\/|flow\/|log\/|producing\/|records\/(codecs\/)?)?[a-z0-9-]+\.ts$/,
  },
  { from: /^src\/producing\//, may: /^rxjs$|^src\/(producing\/|protocol\/|records\/)?[a-z-]+\.ts$/ },
  { from: /^src\/messages\//, may: /^node:(buffer|stream)$|^rxjs$|^src\/(messages\/|protocol\/|flow\/)?[a-z-]+\.ts$/ },
  {
    from: /^src\/stage\//,
    may: /^node:(crypto|fs\/promises|path)$|^rxjs$|^@node-rs\/crc32$|^src\/(stage\/|protocol\/|flow\/)?[a-z0-9-]+\.ts$/,
  },
  { from: /^src\/http-kafka\//, may: /^node:crypto$|^rxjs$|^src\/(http-kafka\/|protocol\/|flow\/)?[a-z-]+\.ts$/ },
  { from: /^src\/flow\//, may: /^rxjs$|^src\/(flow\/)?[a-z-]+\.ts$/ },
  { from: /^src\/log\//, may: /^rxjs$|^src\/(flow\/|log\/)?[a-z-]+\.ts$/ },
  { from: /^src\/[a-z-]+\.ts$/, may: /^rxjs$|^src\/[a-z-]+\.ts$/ },
  { from: /^operators\/index\.ts$/, may: /^operators\// },
  { from: /^operators\/flow\/stage\.ts$/, may: /^rxjs$|^src\/(stage\/|protocol\/)?[a-z-]+\.ts$|^operators\/flow\// },
  { from: /^operators\/flow\/guarded\.ts$/, may: /^rxjs$|^src\/(protocol\/)?[a-z-]+\.ts$|^operators\/flow\// },
  { from: /^operators\/flow\//, may: /^rxjs$|^src\/(flow\/|log\/)?[a-z-]+\.ts$|^operators\/flow\// },
  { from: /^operators\//, may: /^rxjs$|^src\/|^operators\// },
  {
    from: /^graphs\//,
    may: /^rxjs$|^src\/|^operators\/|^graphs\/|^(yaml|ts-pattern|ajv|fastest-levenshtein|picocolors)(\/|$)|^sluice\/graphs$|^node:path$/,
  },
];

/** They may import everything, and nothing else imports them. */
const ROOTS = /^src\/(index\.ts|cli\/)|^graphs\/quickstart\//;

describe('the house', () => {
  it('has a rule for every source', () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.filter(({ path }) => !rules.some(({ from }) => from.test(path))).map(({ path }) => path)).toEqual(
      [],
    );
  });

  it('lets each folder import only what is below it', () => {
    const broken = sources.flatMap(({ path, imports }) => {
      const rule = rules.find(({ from }) => from.test(path));
      return imports
        .filter((what) => what !== 'src/index.ts' && !rule?.may.test(what))
        .concat(imports.filter((what) => ROOTS.test(what) && !ROOTS.test(path)))
        .map((what) => `${path} imports ${what}`);
    });
    expect(broken).toEqual([]);
  });

  it('lets no binding import another', () => {
    const folder = (path: string): string => path.split('/').slice(0, 2).join('/');
    const broken = sources
      .filter(({ path }) => path.startsWith('operators/') && path !== 'operators/index.ts')
      .flatMap(({ path, imports }) =>
        imports
          .filter(
            (what) =>
              what.startsWith('operators/') && folder(what) !== 'operators/flow' && folder(what) !== folder(path),
          )
          .map((what) => `${path} imports ${what}`),
      );
    expect(broken).toEqual([]);
  });

  it('has no cycle of values', () => {
    // Types may refer to each other; what is left of a file at run time may not.
    const values = new Map(
      sources.map(({ path }) => {
        const text = readFileSync(join(root, path), 'utf8');
        const runtime = [...text.matchAll(/^(?:import|export)\s(?!type\b)([^'";]*?)from\s+'(\.[^']+)';/gm)].filter(
          ([, names]) => !/^\{\s*(type\s+[^,}]+,?\s*)+\}\s*$/.test(names as string),
        );
        return [path, runtime.map(([, , from]) => relative(root, join(root, dirname(path), from as string)))];
      }),
    );
    const cycles: string[] = [];
    const done = new Set<string>();
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      else if (!done.has(path)) {
        for (const next of values.get(path) ?? []) visit(next, [...trail, path]);
        done.add(path);
      }
    };
    for (const path of values.keys()) visit(path, []);
    expect(cycles).toEqual([]);
  });

  it('keeps its files short', () => {
    expect(sources.filter(({ lines }) => lines > 250).map(({ path, lines }) => `${path} has ${lines} lines`)).toEqual(
      [],
    );
  });

  it('reads the clock in one place', () => {
    const clocks = sources
      .filter(({ path }) => path !== 'src/scheduler.ts' && !/^src\/cli\/|^graphs\/quickstart\/page\//.test(path))
      .filter(({ path }) =>
        /\bDate\.now\(|performance\.now\(|\bset(Timeout|Immediate|Interval)\(/.test(
          readFileSync(join(root, path), 'utf8'),
        ),
      );
    expect(clocks.map(({ path }) => path)).toEqual([]);
  });
});
