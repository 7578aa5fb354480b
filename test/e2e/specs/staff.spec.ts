import type { Page } from '@playwright/test'
import { mailedLink } from '../house/mail.ts'
import { enter, person, signIn } from '../house/people.ts'
import { expect, test } from '../house/test.ts'

const first = 'seven lanterns over quiet water'
const second = 'eleven kites above the old canal'

async function choose(page: Page, name: string, action: string): Promise<void> {
  await page.getByRole('button', { name: `Actions for ${name}` }).click()
  await page.getByRole('menuitem', { name: action }).click()
}

test.describe.serial('a colleague', () => {
  const kim = { email: 'kim@acme.example', password: first }

  test('is invited, joins by the mailed link, is suspended in the midst of work and comes back', async ({ page, guide, someone, watch }) => {
    watch.allow(/status of 401/, /WebSocket/)
    await enter(page, guide, 'Administrator', '/admin/staff')
    await page.getByRole('button', { name: 'Invite' }).click()
    await page.getByRole('dialog').getByLabel('E-mail address').fill(kim.email)
    await page.getByRole('dialog').getByRole('radio', { name: 'Agent' }).check()
    await page.getByRole('button', { name: 'Send the invitation' }).click()
    await expect(page.getByText(`The invitation to ${kim.email} is on its way.`)).toBeVisible()
    await expect(page.getByRole('row').filter({ hasText: kim.email })).toContainText('Invited')

    const theirs = await someone()
    await theirs.goto(await mailedLink(theirs, guide, kim.email, '/invitation'))
    await expect(theirs.getByRole('heading', { level: 1, name: 'Join Harbour & Pine' })).toBeVisible()
    await theirs.getByLabel('Your name').fill('Kim Berg')
    await theirs.getByLabel('Password', { exact: true }).fill(first)
    await theirs.getByRole('button', { name: 'Join' }).click()
    await theirs.getByRole('button', { name: 'I agree to both' }).click()
    await expect(theirs.getByRole('navigation', { name: 'Folders' })).toBeVisible()
    await expect(theirs.getByRole('link', { name: 'Administration' }), 'an agent administers nothing').toHaveCount(0)

    await page.reload()
    await choose(page, 'Kim Berg', 'Suspend')
    const sure = page.getByRole('dialog', { name: 'Suspend Kim Berg?' })
    await sure.getByRole('button', { name: 'Suspend' }).click()
    const said = page.getByText('Kim Berg is suspended and signed out.')
    await expect(said).toBeVisible()
    await expect(theirs, 'the open page is signed out within a second').toHaveURL(/\/signin/, { timeout: 1_500 })

    await theirs.getByLabel('E-mail address').fill(kim.email)
    await theirs.getByLabel('Password', { exact: true }).fill(first)
    await theirs.getByRole('button', { name: 'Sign in', exact: true }).click()
    await expect(theirs.getByRole('alert').first()).toBeVisible()
    await expect(theirs).toHaveURL(/\/signin/)

    await choose(page, 'Kim Berg', 'Reactivate')
    await page.getByRole('dialog').getByRole('button', { name: 'Reactivate' }).click()
    await expect(page.getByText('Kim Berg can sign in again.')).toBeVisible()
    await signIn(theirs, guide, kim)
  })

  // ASVS V6.4.3
  test('forgets the password and chooses a new one by mail', async ({ page, guide, watch }) => {
    watch.allow(/status of 401/)
    await page.goto(new URL('/signin', guide.workspace).href)
    await page.getByRole('link', { name: 'Forgotten the password?' }).click()
    await page.getByLabel('E-mail address').fill(kim.email)
    await page.getByRole('button', { name: 'Send me the link' }).click()
    await page.goto(await mailedLink(page, guide, kim.email, '/reset'))
    await page.getByLabel('New password', { exact: true }).fill(second)
    await page.getByRole('button', { name: 'Save the password' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Your password is changed' })).toBeVisible()
    await page.goto(new URL('/inbox', guide.workspace).href)
    await expect(page, 'a new password opens no session').toHaveURL(/\/signin/)
    await signIn(page, guide, { email: kim.email, password: second })
  })

  // ASVS V6.2.2, V6.2.3, V7.4.3, V7.4.4
  test('changes the password; the session elsewhere ends, this one stays, and the way out works', async ({ page, guide, someone, watch }) => {
    watch.allow(/status of (401|422|403)/, /WebSocket/)
    await signIn(page, guide, { email: kim.email, password: second })
    const elsewhere = await someone()
    await signIn(elsewhere, guide, { email: kim.email, password: second })

    await page.getByRole('button', { name: /^My Account/ }).click()
    await page.getByRole('menuitem', { name: 'My Account' }).click()
    const change = async (current: string) => {
      await page.getByLabel('Current password', { exact: true }).fill(current)
      await page.getByLabel('New password', { exact: true }).fill(first)
      await page.getByLabel('New password again', { exact: true }).fill(first)
      await page.getByRole('button', { name: 'Change the password' }).click()
    }
    await change('this is not the current one')
    await expect(page.getByText(/current password|not right|wrong/i).last()).toBeVisible()
    await change(second)
    await expect(page.getByText('Your password is changed. All other sessions and your API tokens have ended.')).toBeVisible()
    await expect(elsewhere).toHaveURL(/\/signin/, { timeout: 1_500 })

    await page.getByRole('button', { name: 'Sign out', exact: true }).click()
    await expect(page).toHaveURL(/\/signin/)
    await page.goBack().catch(() => null)
    await page.goto(new URL('/inbox', guide.workspace).href)
    await expect(page).toHaveURL(/\/signin/)
    expect((await page.context().cookies()).filter((c) => c.name === '__Host-session'), 'no session is left in the browser').toEqual([])
  })
})

test('signing out in one tab signs the other tab out, which says so', async ({ page, guide, context, watch }) => {
  watch.allow(/status of 401/, /WebSocket/)
  await signIn(page, guide, person(guide, 'Supervisor'))
  const other = await context.newPage()
  await other.goto(new URL('/inbox', guide.workspace).href)
  await expect(other.getByRole('navigation', { name: 'Folders' })).toBeVisible()
  await page.getByRole('button', { name: /^My Account/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(other).toHaveURL(/\/signin/, { timeout: 1_500 })
  await expect(other.getByText(/signed out|session (has )?ended/i)).toBeVisible()
})
