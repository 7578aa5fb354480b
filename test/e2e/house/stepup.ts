import { expect, type Page } from '@playwright/test'

/**
 * The next request to a path is answered as the server answers it ten minutes after the last proof; a browser test does not wait for them.
 * The dialog, the proof and the repeated request are the real ones. That the server asks is the matter of its own tests.
 */
export async function tenMinutesLater(page: Page, path: string): Promise<void> {
  await page.route((url) => url.pathname === path, (route) => route.fulfill({
    status: 403, contentType: 'application/problem+json', body: JSON.stringify({ type: '/problems/step-up', title: 'Forbidden', status: 403, detail: 'Please confirm that it is you.' }),
  }), { times: 1 })
}

/** Answers the dialog with the password, as who has no second factor does. */
export async function confirmWith(page: Page, password: string, look?: (what: string) => Promise<void>): Promise<void> {
  const asked = page.getByRole('dialog', { name: 'Confirm that it is you' })
  await expect(asked).toBeVisible()
  await look?.('the step-up')
  await asked.getByRole('textbox', { name: 'Password' }).fill(password)
  await asked.getByRole('button', { name: 'Confirm', exact: true }).click()
  await expect(asked).toBeHidden()
}
