import { expect, type Page } from '@playwright/test'
import type { Guide } from './house.ts'

/** Opens the mail page until a mail to an address shows the link that is meant, the newest first, and returns the link. */
export async function mailedLink(page: Page, guide: Guide, to: string, path: string): Promise<string> {
  let found = ''
  await expect(async () => {
    await page.goto(guide.mail)
    const mails = page.getByRole('navigation', { name: 'Mails, newest first' }).getByRole('link').filter({ hasText: to })
    for (let i = 0; i < Math.min(await mails.count(), 5) && found === ''; i++) { // others only tell something
      await mails.nth(i).click()
      await expect(page.getByText(`To ${to}`)).toBeVisible({ timeout: 1_000 })
      const link = page.getByRole('article').getByRole('link').filter({ hasText: path })
      if (await link.count() > 0) found = (await link.first().getAttribute('href', { timeout: 1_000 })) ?? ''
    }
    expect(found).toContain('#token=')
  }).toPass({ timeout: 15_000, intervals: [300, 500, 1_000] })
  return found
}

/** Opens the mail page until a mail to an address has a text, and returns what the form finds in it. */
export async function mailedText(page: Page, guide: Guide, to: string, form: RegExp): Promise<string> {
  let found = ''
  await expect(async () => {
    await page.goto(guide.mail)
    const mails = page.getByRole('navigation', { name: 'Mails, newest first' }).getByRole('link').filter({ hasText: to })
    for (let i = 0; i < Math.min(await mails.count(), 5) && found === ''; i++) {
      await mails.nth(i).click()
      await expect(page.getByText(`To ${to}`)).toBeVisible({ timeout: 1_000 })
      found = form.exec(await page.getByRole('article').innerText())?.[0] ?? ''
    }
    expect(found).not.toBe('')
  }).toPass({ timeout: 15_000, intervals: [300, 500, 1_000] })
  return found
}
