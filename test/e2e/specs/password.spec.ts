import type { Locator, Page } from '@playwright/test'
import { mailedLink } from '../house/mail.ts'
import { enter, person } from '../house/people.ts'
import { expect, test } from '../house/test.ts'

// Each page that takes a password: what is typed is masked, may be shown, can be pasted, and tells a password manager what
// it is. The last one is a page whose link is mailed.

const pages: Record<string, (page: Page, guide: Parameters<typeof mailedLink>[1]) => Promise<void>> = {
  'sign in': async (page, guide) => { await page.goto(new URL('/signin', guide.workspace).href) },
  'my account': async (page, guide) => { await enter(page, guide, 'Agent', '/me') },
  'new password': async (page, guide) => {
    const { email } = person(guide, 'Supervisor')
    await page.goto(new URL('/forgot', guide.workspace).href)
    await page.getByLabel('E-mail address').fill(email)
    await page.getByRole('button', { name: 'Send me the link' }).click()
    await page.goto(await mailedLink(page, guide, email, '/reset'))
  },
  'sign up': async (page, guide) => {
    await page.goto(new URL('/signup', guide.sign_up).href)
    await page.getByLabel('Company').fill('Fields')
    await page.getByLabel('E-mail address').fill('fields@fields.example')
    await page.getByRole('checkbox', { name: /I agree to the/ }).check()
    await page.getByRole('button', { name: 'Send me the link' }).click()
    await page.goto(await mailedLink(page, guide, 'fields@fields.example', '/signup/complete'))
  },
}

async function fields(page: Page): Promise<Locator[]> {
  const all = page.locator('input[autocomplete$="password"]')
  await expect(all.first()).toBeVisible()
  return all.all()
}

for (const [name, go] of Object.entries(pages)) {
  // ASVS V6.2.6
  test(`passwords are masked: ${name}`, async ({ page, guide }) => {
    await go(page, guide)
    for (const field of await fields(page)) {
      await expect(field).toHaveAttribute('type', 'password')
      await field.fill('seven lanterns')
      await expect(field, 'typing unmasks nothing').toHaveAttribute('type', 'password')
    }
    expect(await page.locator('input[type="text"][name*="password" i]').count(), 'no field for a password is in the clear').toBe(0)
  })

  // ASVS V6.2.7
  test(`passwords can be pasted and filled by a password manager: ${name}`, async ({ page, guide, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(guide.workspace).origin })
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(guide.sign_up).origin })
    await go(page, guide)
    const long = `pasted ${'länger & "quoted" '.repeat(5)}end`
    for (const field of await fields(page)) {
      await expect(field).toHaveAttribute('autocomplete', /^(.* )?(current|new)-password$/)
      await page.evaluate((text) => navigator.clipboard.writeText(text), long)
      await field.focus()
      await page.keyboard.press('Control+v')
      await expect(field).toHaveValue(long)
    }
  })
}
