import { expect, type Page } from '@playwright/test'
import axe from 'axe-core'

/** What axe finds in a page as it stands, one line a node: by all its rules, or by some. Shadow roots are looked into. */
export async function findings(page: Page, rules?: readonly string[]): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  return page.evaluate(async (only) => {
    const run = (window as unknown as { axe: typeof import('axe-core') }).axe
    const { violations } = await run.run(document, { resultTypes: ['violations'], ...(only ? { runOnly: [...only] } : {}) })
    return violations.flatMap((v) => v.nodes.map((n) => `${v.id} (${v.impact ?? ''}): ${n.target.flat().join(' ')}: ${n.any.concat(n.all, n.none).map((c) => c.message).join(' ').slice(0, 220)}`))
  }, rules)
}

export const sizes = [{ width: 1440, height: 900 }, { width: 390, height: 844 }] as const
export const schemes = ['light', 'dark'] as const

/** axe finds nothing in a page as it stands, light and dark, wide and narrow, and nothing is wider than the screen. E2E_PICTURES keeps what was looked at. */
export async function clean(page: Page, what: string): Promise<void> {
  for (const size of sizes) {
    for (const colorScheme of schemes) {
      await page.setViewportSize(size)
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.waitForTimeout(300)
      const where = `${what}, ${colorScheme}, ${String(size.width)}`
      let found = await findings(page)
      if (found.length > 0) {
        await page.waitForTimeout(1_000) // a busy machine is still on its way from one look to the other
        found = await findings(page)
      }
      expect.soft(found, where).toEqual([])
      expect.soft(await page.evaluate(() => document.documentElement.scrollWidth), `${where}: no sideways scrolling`).toBeLessThanOrEqual(size.width)
      if (!process.env['E2E_PICTURES']) continue
      await whole(page, size, `results/shots/${where.replaceAll(/[^a-z0-9]+/gi, '-')}.png`)
    }
  }
  await page.setViewportSize(sizes[0])
  await page.emulateMedia({ colorScheme: 'light' })
}

/** A picture of all that a page has, also of what stands below the edge of a part that scrolls by itself. */
export async function whole(page: Page, size: { width: number; height: number }, path: string): Promise<void> {
  let height: number = size.height
  for (let last = Infinity; height < 6_000;) {
    const more = await page.evaluate(() => { // behind a dialog nothing counts
      const dialog = [...document.querySelectorAll('[role=dialog]')].at(-1)
      const parts = dialog ? [dialog, ...dialog.querySelectorAll('*')] : [document.documentElement, ...document.querySelectorAll('body *')]
      return Math.max(...parts.filter((e) => e === document.documentElement || /auto|scroll/.test(getComputedStyle(e).overflowY)).map((e) => e.scrollHeight - e.clientHeight), 0)
    })
    if (more <= 0 || more >= last) break // a part with a height of its own grows no more
    last = more
    height += more
    await page.setViewportSize({ width: size.width, height })
    await page.waitForTimeout(100)
  }
  await page.screenshot({ path })
  await page.setViewportSize(size)
}
