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

/** What may be pushed sideways: rows of tabs on a narrow screen, code, and tables that are wide by nature. */
const mayScroll = 'pre, [role=tablist], nav:is([aria-label=Administration], [aria-label="My Account"], [aria-label=Folders])'

/**
 * What can be pushed sideways, or stands out of its box where nothing cuts it off. Each part of a page is asked, since the page itself
 * never scrolls: its parts do. Left out is what only screen readers get, and what hangs on a corner, as a count does.
 */
export function sideways(page: Page): Promise<string[]> {
  return page.evaluate((may) => {
    const found: string[] = []
    const name = (e: Element): string => `${e.localName}${e.id ? `#${e.id}` : ''}${[...e.classList].map((c) => `.${c}`).join('')}`
    const unseen = (e: Element | null): boolean => e !== null && (getComputedStyle(e).clipPath === 'inset(50%)' || unseen(e.parentElement))
    const look = (root: ParentNode): void => {
      for (const e of root.querySelectorAll('*')) {
        if (e.shadowRoot) look(e.shadowRoot)
        const over = e.scrollWidth - e.clientWidth
        if (!(e instanceof HTMLElement) || e.clientWidth === 0 || over <= 1 || e.closest(may) || unseen(e)) continue
        const { overflowX } = getComputedStyle(e)
        const children = [...e.children]
        if (overflowX === 'hidden' || overflowX === 'clip' || e.matches('table') || (overflowX !== 'visible' && children.some((c) => c.matches('table')))) continue
        const edge = e.getBoundingClientRect().right
        const hung = (c: Element): boolean => getComputedStyle(c).position === 'absolute' && c.getBoundingClientRect().right - edge > 1
        if (overflowX === 'visible' && over < 12 && children.some(hung)) continue
        found.push(`${name(e)} is ${String(over)} px wider than its box: ${e.innerText.replaceAll(/\s+/g, ' ').slice(0, 60)}`)
      }
    }
    look(document)
    return found
  }, mayScroll)
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
      expect.soft(await sideways(page), `${where}: no sideways scrolling`).toEqual([])
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
