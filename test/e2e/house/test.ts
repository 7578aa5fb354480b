import { type Browser, type BrowserContext, type ConsoleMessage, expect, test as base, type Page } from '@playwright/test'
import type { Guide } from './house.ts'

/** What the pages of a test said that nobody should have to read: errors, refusals of the content policy, dialogs. */
export class Watch {
  private readonly heard: string[] = []
  private readonly allowed: RegExp[] = []

  /** Listens to all pages of a context, those that it opens later too. */
  on(context: BrowserContext): void {
    context.on('console', (m: ConsoleMessage) => {
      if (m.type() === 'error' || /content.security|trusted.?type/i.test(m.text())) this.heard.push(`console: ${m.text()} (${m.location().url})`)
    })
    context.on('weberror', (e) => { this.heard.push(`exception: ${e.error().message}`) })
    context.on('dialog', (d) => {
      this.heard.push(`dialog: ${d.message()}`)
      void d.dismiss().catch(() => undefined)
    })
  }

  /** A test that provokes an error names it. Everything else stays a finding. */
  allow(...what: RegExp[]): void {
    this.allowed.push(...what)
  }

  get findings(): string[] {
    return this.heard.filter((text) => !this.allowed.some((one) => one.test(text)))
  }
}

type ContextOptions = Parameters<Browser['newContext']>[0]

export const flags = (pin: string) => [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  `--ignore-certificate-errors-spki-list=${pin}`,
]

export function theGuide(): Guide {
  const text = process.env['E2E_GUIDE']
  if (!text) throw new Error('the set-up printed no guide')
  return JSON.parse(text) as Guide
}

interface Mine {
  watch: Watch
  /** A browser window of somebody: no cookies and nothing kept in common with the others. */
  someone: (options?: ContextOptions) => Promise<Page>
}

export const test = base.extend<Mine, { guide: Guide }>({
  guide: [async ({}, use) => { await use(theGuide()) }, { scope: 'worker' }],
  launchOptions: [
    async ({}, use) => { await use({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: flags(theGuide().spki_pin) }) },
    { scope: 'worker' },
  ],
  watch: async ({}, use) => {
    const watch = new Watch()
    await use(watch)
    expect(watch.findings, 'errors and refusals that the pages reported').toEqual([])
  },
  context: async ({ context, watch }, use) => {
    watch.on(context)
    await use(context)
  },
  someone: async ({ browser, watch, contextOptions }, use) => {
    const contexts: BrowserContext[] = []
    await use(async (options) => {
      const context = await browser.newContext({ ...contextOptions, locale: 'en-GB', timezoneId: 'UTC', viewport: { width: 1440, height: 900 }, ...options })
      context.setDefaultTimeout(10_000)
      contexts.push(context)
      watch.on(context)
      return context.newPage()
    })
    await Promise.all(contexts.map((c) => c.close()))
  },
})

export { expect }
