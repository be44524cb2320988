import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { until } from '../broker/until.ts';
import { describeChromium } from '../browser/use-chromium.ts';
import { buildQuickstart, builtArguments, Quickstart } from '../graphs/quickstart/quickstart-process.ts';

/** An event that reached the browser, as its own `EventSource` told it: a witness beside the page. */
interface Witnessed {
  /** Which of the page's streams it is of, in the order in which they were opened. */
  readonly source: number;
  readonly url: string;
  readonly type: string;
  readonly id: string;
  readonly data: string;
}

/** Runs in the browser before the page: notes every event of every `EventSource`. */
const WITNESS = `
  window.seen = [];
  let sources = 0;
  window.EventSource = class extends EventSource {
    constructor(url) {
      super(url);
      const source = sources++;
      for (const type of ['message', 'delete', 'gap'])
        this.addEventListener(type, ({ lastEventId: id, data }) => seen.push({ source, url, type, id, data }));
    }
  }`;

const offsetOf = ({ id }: Witnessed): number => Number(id.split(':')[1]) - 1;

describeChromium('the quickstart page', (chromium) => {
  let directory: string;
  let running: Quickstart;
  let url: string;
  let context: BrowserContext;
  let page: Page;
  const children: ChildProcess[] = [];

  const start = async (port = '0'): Promise<void> => {
    running = new Quickstart(builtArguments(['--port', port, '--dir', directory]));
    url = await running.url();
  };
  const sleeper = (): number => {
    const child = spawn('sleep', ['1000']);
    children.push(child);
    return child.pid as number;
  };
  const seen = async (path: string): Promise<Witnessed[]> => {
    const all: Witnessed[] = await page.evaluate('window.seen');
    return all.filter((one) => one.url.startsWith(path));
  };
  const figure = async (name: string): Promise<number> => {
    const shown = await page.locator('.figures div', { hasText: name }).locator('dd').textContent();
    return Number(shown?.replaceAll(',', ''));
  };
  /** The starts and exits that the page lists, the oldest first. */
  const listed = async (): Promise<string[]> => (await page.locator('.events li').allTextContents()).reverse();

  beforeAll(buildQuickstart, 120_000);

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-quickstart-'));
    await start();
    context = await chromium.browser.newContext();
    await context.addInitScript(WITNESS);
    page = await context.newPage();
    await page.goto(url);
    // What is there when the topic is empty is no news.
    await page.getByRole('rowheader').first().waitFor();
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill();
    await context.close();
    await running.stop();
    rmSync(directory, { recursive: true });
  });

  it('shows processes as they start, and takes them out as they end', async () => {
    await page.getByText('live', { exact: true }).waitFor();
    const pid = sleeper();
    const row = page.getByRole('row', { name: `sleep ${pid}` });
    await row.waitFor();
    const event = (what: string) => page.locator('.events li', { hasText: `${pid}` }).filter({ hasText: what });
    await event('start').waitFor();

    await page.getByRole('searchbox').fill(`${pid}`);
    await until(async () => expect(await page.locator('tbody tr').count()).toBe(1));
    for (const child of children.splice(0)) child.kill();
    await row.waitFor({ state: 'detached' });
    await event('exit').waitFor();
    expect(await page.getByText('0 missed, 0 repeated').isVisible()).toBe(true);
  });

  it('sorts by the column that is clicked, either way', async () => {
    const pids = async () => (await page.locator('tbody td.pid').allTextContents()).map(Number);
    await page.getByRole('button', { name: 'PID' }).click();
    expect(await page.getByRole('columnheader', { name: 'PID' }).getAttribute('aria-sort')).toBe('ascending');
    const up = await pids();
    expect(up).toEqual([...up].sort((a, b) => a - b));
    await page.getByRole('button', { name: 'PID' }).click();
    const down = await pids();
    expect(down).toEqual([...down].sort((a, b) => b - a));
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'goes on where it was when its server ends by %s and comes back, with nothing missed and nothing repeated',
    async (signal) => {
      const before = sleeper();
      await page.locator('.events li', { hasText: `${before}` }).waitFor();
      expect(await running.stop(signal)).toBe(signal === 'SIGTERM' ? 0 : null);
      await page.getByText('reconnecting').waitFor();
      // What starts and ends while nobody looks is told later.
      const while_ = sleeper();
      children[0]?.kill();
      await start(new URL(url).port);
      await page.getByText('live', { exact: true }).waitFor();
      await page.locator('.events li', { hasText: `${while_}` }).waitFor();
      await page
        .locator('.events li', { hasText: `${before}` })
        .filter({ hasText: 'exit' })
        .waitFor();
      const after = sleeper();
      await page.locator('.events li', { hasText: `${after}` }).waitFor();

      const events = await seen('events');
      expect(new Set(events.map(({ source }) => source)).size).toBe(1);
      expect(events.map(offsetOf)).toEqual(events.map((_, offset) => offset));
      expect(await page.getByText('0 missed, 0 repeated').isVisible()).toBe(true);
      const offsets = (await seen('processes')).filter(({ source }) => source === 0).map(offsetOf);
      expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
      expect((await listed()).filter((line) => line.includes(`sleep${before}`))).toHaveLength(2);
    },
  );

  it('shows what a paused consumer is spared: of each process it is sent the newest record alone', async () => {
    await until(async () => expect((await seen('processes')).some(({ source }) => source === 1)).toBe(true));
    await page.getByRole('button', { name: 'Pause' }).click();
    await until(async () => {
      expect(await figure('superseded')).toBeGreaterThan(20);
      expect(await figure('to be sent')).toBeGreaterThan(0);
    });
    const before = (await seen('processes')).filter(({ source }) => source === 1);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Level with the log again').waitFor();
    const [written, sent, superseded] = [await figure('written'), await figure('sent'), await figure('superseded')];
    expect(written).toBe(sent + superseded);
    expect(superseded).toBeGreaterThan(20);

    // The stream that was opened last began behind the last event before the pause, and went over what was superseded.
    const resumed = (await seen('processes')).filter(({ source }) => source > 2);
    const last = before.at(-1) as Witnessed;
    expect(new Set(resumed.map((one) => one.url))).toEqual(
      new Set([`processes?lastEventId=${encodeURIComponent(last.id)}`]),
    );
    const caughtUp = resumed.slice(0, sent);
    expect(offsetOf(caughtUp.at(-1) as Witnessed) - offsetOf(last)).toBe(written);
    const all = (await seen('processes')).filter(({ source }) => source === 0);
    const skipped = all.filter(
      (one) =>
        offsetOf(one) > offsetOf(last) &&
        offsetOf(one) < offsetOf(caughtUp.at(-1) as Witnessed) &&
        !caughtUp.some(({ id }) => id === one.id),
    );
    const keyOf = ({ type, data }: Witnessed): string => (type === 'delete' ? atob(data) : `${JSON.parse(data).pid}`);
    expect(skipped.length).toBeGreaterThan(20);
    for (const one of skipped)
      expect(all.some((newer) => keyOf(newer) === keyOf(one) && offsetOf(newer) > offsetOf(one))).toBe(true);
  });
});
