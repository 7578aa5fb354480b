import type { Page } from '@playwright/test'
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
