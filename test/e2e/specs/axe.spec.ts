import type { Page } from '@playwright/test'
import { findings, schemes, sizes } from '../house/axe.ts'
import { Widget } from '../house/people.ts'
import { expect, test } from '../house/test.ts'
import { consolePages, doors, type Stop, visitorPages } from '../house/tour.ts'

// axe finds nothing, on any page, light and dark, wide and narrow; and nothing is wider than the screen.

/** Structure depends on the size alone, so all rules run in light; what depends on colour runs in dark too. */
async function look(page: Page, name: string): Promise<void> {
  for (const scheme of schemes) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
    for (const size of sizes) {
      await page.setViewportSize(size)
      await page.waitForTimeout(150) // transitions of colour and place
      const where = `${name}, ${scheme}, ${String(size.width)}`
      const rules = scheme === 'dark' ? ['color-contrast', 'link-in-text-block'] : undefined
      let found = await findings(page, rules)
      if (found.length > 0) {
        await page.waitForTimeout(800) // a busy machine is still on its way from one look to the other
        found = await findings(page, rules)
      }
      expect.soft(found, where).toEqual([])
      expect.soft(await page.evaluate(() => document.documentElement.scrollWidth), `${where}: no sideways scrolling`).toBeLessThanOrEqual(size.width)
    }
  }
  await page.setViewportSize(sizes[0])
}

const part = (title: string, stops: readonly Stop[]) => {
  test.describe(title, () => {
    for (const stop of stops) {
      test(`axe: ${stop.name}`, async ({ page, guide, watch }) => {
        watch.allow(/\/api\/v1\/door|status of 404/)
        await page.emulateMedia({ reducedMotion: 'reduce' })
        await stop.go(page, guide)
        await look(page, stop.name)
      })
    }
  })
}

part('doors', doors)
part('console', consolePages)
part('visitor', visitorPages)

test('axe: widget in a conversation, and its list', async ({ page, guide }) => {
  const widget = new Widget(page)
  await widget.open(guide)
  await widget.ask('Axel Axe', 'Is this legible?')
  await look(page, 'widget conversation')
  await widget.panel.getByRole('button', { name: 'All conversations' }).click()
  await look(page, 'widget list')
})
