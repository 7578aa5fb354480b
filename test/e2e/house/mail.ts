import { expect, type Page } from '@playwright/test'
import type { Guide } from './house.ts'

/** Opens the mail page until the newest mail to an address shows the link that is meant, and returns the link. */
export async function mailedLink(page: Page, guide: Guide, to: string, path: string): Promise<string> {
  let found = ''
  await expect(async () => {
    await page.goto(guide.mail)
    await page.getByRole('navigation', { name: 'Mails, newest first' }).getByRole('link').filter({ hasText: to }).first().click()
    await expect(page.getByText(`To ${to}`)).toBeVisible({ timeout: 1_000 })
    const link = page.getByRole('article').getByRole('link').filter({ hasText: path })
    found = (await link.first().getAttribute('href', { timeout: 1_000 })) ?? ''
    expect(found).toContain('#token=')
  }).toPass({ timeout: 15_000, intervals: [300, 500, 1_000] })
  return found
}
