import { spawnSync } from 'node:child_process';
import { type Browser, chromium } from 'playwright-core';
import { unlessMissing } from '../unless-missing.ts';

/** The Chromium to run: `SLUICE_CHROMIUM`, else Debian's. */
const executablePath = process.env.SLUICE_CHROMIUM || '/usr/bin/chromium';

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The browser, to be used within hooks and tests: until `beforeAll` has run there is none. */
export interface SharedChromium {
  readonly browser: Browser;
}

/** A `describe` for tests that need a Chromium. Where there is none they are skipped loudly, and with `CI=true` they fail. */
export function describeChromium(name: string, tests: (chromium: SharedChromium) => void): void {
  unlessMissing('a Chromium', missing(), name, () => {
    let browser: Browser | undefined;
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath, args: ARGUMENTS });
    });
    afterAll(() => browser?.close());
    tests({
      get browser() {
        if (browser === undefined) throw new Error('the browser is there only once beforeAll has run');
        return browser;
      },
    });
  });
}

function missing(): string | undefined {
  const { status } = spawnSync(executablePath, ['--version']);
  return status === 0 ? undefined : `no Chromium: '${executablePath}' does not run`;
}
