import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

/** Nothing but the page: no first start, no updates, no talk with anybody. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];
const START_MS = 60_000;
/** The machine may be busy: a page is given this long to show what is waited for. */
export const SHOWN_MS = 30_000;

/** The system's Chromium with a profile of its own, which ends with it. */
export class Browser {
  /** What pages have complained of: errors in the console, exceptions, breaches of the content security policy. */
  readonly complaints: string[] = [];

  private constructor(
    private readonly profile: string,
    private readonly context: BrowserContext,
  ) {}

  /** Fails, saying so, where there is no Chromium. */
  static async start(): Promise<Browser> {
    const executablePath = process.env['CHROMIUM'];
    if (!executablePath) throw new Error('CHROMIUM, the path of Chromium, is missing: run the tests through npm test');
    const profile = mkdtempSync(join(tmpdir(), 'cart-browser-'));
    const options = {
      executablePath,
      args: FLAGS,
      headless: true,
      timeout: START_MS,
      viewport: { width: 1280, height: 900 },
    };
    const context = await chromium.launchPersistentContext(profile, options);
    context.setDefaultTimeout(SHOWN_MS);
    return new Browser(profile, context);
  }

  async page(url: string): Promise<Page> {
    const page = await this.context.newPage();
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    // Breaches of the policy are errors in the console, too.
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(`${message.text()} (${message.location().url})`);
    });
    await page.goto(url);
    return page;
  }

  async stop(): Promise<void> {
    await this.context.close();
    rmSync(this.profile, { recursive: true, force: true });
  }
}
