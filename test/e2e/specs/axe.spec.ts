import type { Page } from '@playwright/test'
import { findings, sideways, sizes } from '../house/axe.ts'
import { Widget } from '../house/people.ts'
import { expect, test } from '../house/test.ts'
import { consolePages, doors, type Stop, visitorPages } from '../house/tour.ts'

// axe finds nothing, on any page, light and dark, wide and narrow; and nothing is wider than its box.

const [wide, narrow] = sizes
const colours = ['color-contrast', 'link-in-text-block']

/**
 * Structure depends on the size alone, so all rules run in light at both sizes. What depends on colour runs in dark too,
 * at the size that shows the most.
 */
const looks = [
  { scheme: 'light', size: wide },
  { scheme: 'dark', size: wide, rules: colours },
  { scheme: 'light', size: narrow },
] as const

async function look(page: Page, name: string): Promise<void> {
  for (const { scheme, size, ...some } of looks) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
    await page.setViewportSize(size)
    await page.evaluate(() => new Promise((drawn) => { requestAnimationFrame(() => requestAnimationFrame(drawn)) }))
    const where = `${name}, ${scheme}, ${String(size.width)}`
    const rules = 'rules' in some ? some.rules : undefined
    let found = await findings(page, rules)
    if (found.length > 0) {
      await page.waitForTimeout(800) // a busy machine is still on its way from one look to the other
      found = await findings(page, rules)
    }
    expect.soft(found, where).toEqual([])
    expect.soft(await sideways(page), `${where}: no sideways scrolling`).toEqual([])
  }
  await page.setViewportSize(wide)
}

/** One window for all pages of a part: what it has loaded once, it has. A page that cannot be reached is a finding of its own. */
const part = (title: string, stops: readonly Stop[]) => {
  test(`axe: ${title}`, async ({ page, guide }) => {
    test.setTimeout(15_000 + stops.length * 15_000)
    for (const stop of stops) {
      await test.step(stop.name, async () => {
        await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
        const reached = await stop.go(page, guide).then(() => '', (error: unknown) => String(error))
        expect.soft(reached, `the way to ${stop.name}`).toBe('')
        if (reached === '') await look(page, stop.name)
      })
    }
  })
}

part('doors', doors)
part('console', consolePages)
for (const stop of visitorPages) part(stop.name, [stop]) // the widget remembers in its page what was open

test('axe: widget in a conversation, and its list', async ({ page, guide }) => {
  const widget = new Widget(page)
  await widget.open(guide)
  await widget.ask('Axel Axe', 'Is this legible?')
  await look(page, 'widget conversation')
  await widget.panel.getByRole('button', { name: 'All conversations' }).click()
  await look(page, 'widget list')
})
