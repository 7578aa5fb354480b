import type { Page } from '@playwright/test'
import { clean } from '../house/axe.ts'
import { mailed, scan } from '../house/factor.ts'
import { mailedLink, mailedText } from '../house/mail.ts'
import { begin, enter, hire, leave, signIn } from '../house/people.ts'
import { confirmWith, tenMinutesLater } from '../house/stepup.ts'
import { expect, test } from '../house/test.ts'
import { Wire } from '../house/wire.ts'

// My Account: devices, tokens, language and letters; and the way back for somebody who has forgotten everything.

const inbox = (page: Page) => page.getByRole('navigation', { name: 'Folders' })

// ASVS V7.4.5, V7.5.2
test('a session elsewhere is ended from My Account, one and all', async ({ page, guide, someone, watch }) => {
  test.setTimeout(120_000)
  watch.allow(/status of 401/, /WebSocket/)
  const who = await hire(page, guide, 'dev@acme.example', 'Devi Sessions')
  const others = [await someone(), await someone()]
  for (const other of others) await signIn(other, guide, who)
  await page.goto(new URL('/me#devices', guide.workspace).href)
  const list = page.getByRole('list', { name: 'Sessions' })
  await expect(list.getByRole('listitem')).toHaveCount(3)
  await expect(list.getByRole('listitem').filter({ hasText: 'This browser' })).toContainText('In use now.')
  await clean(page, 'devices')
  await list.getByRole('button', { name: /^End the session of/ }).first().click()
  const sure = page.getByRole('dialog', { name: /^End the session of/ })
  await clean(page, 'ending a session')
  await sure.getByRole('button', { name: 'End', exact: true }).click()
  const gone = async () => (await Promise.all(others.map((o) => Promise.resolve(o.url().includes('/signin'))))).filter(Boolean).length
  await expect.poll(gone, { message: 'one is out within a second', timeout: 1_500, intervals: [50] }).toBe(1)
  await expect(list.getByRole('listitem')).toHaveCount(2)
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click()
  const all = page.getByRole('dialog', { name: 'Sign out everywhere else?' })
  await clean(page, 'ending all others')
  await all.getByRole('button', { name: 'Sign out everywhere else' }).click()
  await expect.poll(gone, { message: 'and the other', timeout: 1_500, intervals: [50] }).toBe(2)
  await expect(list.getByRole('listitem')).toHaveCount(1)
  await expect(inbox(page).or(list).first(), 'this one stays').toBeVisible()
})

// ASVS V7.2.2
test('an API token is made under a step-up, shown once, opens what it may, and is refused once it is revoked', async ({ page, guide, watch }) => {
  test.setTimeout(120_000)
  watch.allow(/status of 403/)
  const who = await hire(page, guide, 'toni@acme.example', 'Toni Token', 'Supervisor')
  await page.goto(new URL('/me#tokens', guide.workspace).href)
  await page.getByRole('button', { name: 'Make a token' }).click()
  const dialog = page.getByRole('dialog', { name: 'Make an API token' })
  await dialog.getByRole('button', { name: 'Make a token' }).click()
  await expect(dialog.getByText('Please give it a name.')).toBeVisible()
  await expect(dialog.getByText('Please tick at least one act.')).toBeVisible()
  await clean(page, 'a token, with what is missing')
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Weekly report')
  await dialog.getByRole('checkbox', { name: /^staff\.view/ }).check()
  await tenMinutesLater(page, '/api/v1/me/tokens')
  await dialog.getByRole('button', { name: 'Make a token' }).click()
  await confirmWith(page, who.password)
  const once = page.getByRole('dialog', { name: 'Your new token' })
  const token = await once.getByLabel('Token', { exact: true }).innerText()
  expect(token).toMatch(/^parl_pat_[A-Za-z0-9]{49}$/)
  await clean(page, 'the token, once')
  await once.getByRole('button', { name: 'I have kept it' }).click()
  expect(await page.content(), 'it is not shown again').not.toContain(token)

  const program = new Wire(guide)
  const as = (path: string) => program.ask('GET', path, undefined, { authorization: `Bearer ${token}` })
  expect((await as('/api/v1/staff')).status).toBe(200)
  expect((await as('/api/v1/me/sessions')).status, 'what was not ticked').toBe(403)
  await page.reload()
  const row = page.getByRole('list', { name: 'API tokens' }).getByRole('listitem').filter({ hasText: 'Weekly report' })
  await expect(row).toContainText('One act.')
  await expect(row).toContainText(/Last used .* from 127\.0\.0\.1/)
  await clean(page, 'tokens')
  await row.getByRole('button', { name: 'Remove Weekly report' }).click()
  await page.getByRole('dialog', { name: 'Remove Weekly report?' }).getByRole('button', { name: 'Remove' }).click()
  await expect(page.getByText('Weekly report is removed.')).toBeVisible()
  expect((await as('/api/v1/staff')).status).toBe(401)
})

test('language and letters are kept', async ({ page, guide, someone }) => {
  test.setTimeout(90_000)
  const who = await hire(page, guide, 'lena@acme.example', 'Lena Letters')
  await page.goto(new URL('/me#mails', guide.workspace).href)
  const told = page.getByRole('switch', { name: 'Mail me when a new device signs in' })
  await expect(told).toBeChecked()
  const reader = await someone()
  await signIn(await someone(), guide, who)
  await mailedText(reader, guide, who.email, /Somebody signed in to your account on a browser that it did not know/)
  await clean(reader, 'the mail of a new device')
  await told.click({ force: true })
  await expect(page.getByText('Saved.').first()).toBeVisible()
  await page.reload()
  await expect(told).not.toBeChecked()
  const count = async () => {
    await reader.goto(guide.mail)
    return reader.getByRole('navigation', { name: 'Mails, newest first' }).getByRole('link').filter({ hasText: who.email }).filter({ hasText: 'Sign-in from a new device' }).count()
  }
  const before = await count()
  expect(before).toBe(1)
  await signIn(await someone(), guide, who)
  await page.waitForTimeout(2_000)
  expect(await count(), 'no letter where none is wanted').toBe(before)
  const language = page.getByLabel('Language')
  await expect(language).toBeVisible()
  const all = await language.locator('option').evaluateAll((options) => options.map((o) => (o as HTMLOptionElement).value))
  await language.selectOption(all.at(-1) ?? 'en')
  await page.reload()
  await expect(language).toHaveValue(all.at(-1) ?? 'en')
})

// ASVS V6.4.3, V6.4.4, V6.4.6
test('somebody has forgotten everything: the administrator finds them by name, reads the address, sends the link, resets the factor', async ({ page, guide, someone, watch }) => {
  test.setTimeout(180_000)
  watch.allow(/status of (401|403|422)/, /WebSocket/)
  const theirs = await someone()
  const reader = await someone()
  const { email } = await hire(theirs, guide, 'gone@acme.example', 'Göran Vergessén')
  await theirs.goto(new URL('/me#factors', guide.workspace).href)
  await theirs.getByRole('button', { name: 'Add an authenticator app' }).click()
  await mailed(theirs, reader, guide, email)
  await scan(theirs)
  await leave(theirs)

  await enter(page, guide, 'Administrator', '/admin/staff')
  await page.getByRole('searchbox', { name: 'Find by name or address' }).fill('goran verg')
  const row = page.getByRole('table', { name: 'Staff' }).getByRole('row').filter({ hasText: 'Göran Vergessén' })
  await expect(row).toContainText(email)
  await expect(row).toContainText('Authenticator app')
  await expect(page.getByText('One person found.')).toBeAttached()
  await expect(page.getByRole('table', { name: 'Staff' }).getByRole('row')).toHaveCount(2)
  await clean(page, 'the staff, searched')
  const choose = async (action: string) => {
    await row.getByRole('button', { name: 'Actions for Göran Vergessén' }).click()
    if (action === 'Send a reset link') await clean(page, 'actions for a member')
    await page.getByRole('menuitem', { name: action }).click()
    return page.getByRole('dialog').filter({ hasText: 'Göran' })
  }
  const link = await choose('Send a reset link')
  await expect(link).toContainText(email)
  await clean(page, 'sending a link')
  await link.getByRole('button', { name: 'Send a reset link' }).click()
  await expect(page.getByText(`The link to ${email} is on its way.`)).toBeVisible()
  const reset = await choose('Reset the second factor')
  await reset.getByRole('button', { name: 'Reset the second factor' }).click()
  await expect(reset.getByText('Please write a reason.')).toBeVisible()
  await clean(page, 'resetting a factor')
  await reset.getByLabel('Reason').fill('The phone fell into the harbour; we spoke at the desk.')
  const id = /staff\/([^/]+)\/reset-factor/
  await page.route((url) => id.test(url.pathname), (route) => route.fulfill({
    status: 403, contentType: 'application/problem+json', body: JSON.stringify({ type: '/problems/step-up', title: 'Forbidden', status: 403, detail: 'Please confirm that it is you.' }),
  }), { times: 1 })
  await reset.getByRole('button', { name: 'Reset the second factor' }).click()
  await confirmWith(page, guide.people.find((p) => p.role === 'Administrator')?.password ?? '')
  await expect(page.getByText('The second factor of Göran Vergessén is reset.')).toBeVisible()
  await page.goto(new URL('/admin/audit', guide.workspace).href)
  await expect(page.getByRole('table', { name: 'Entries' })).toContainText('The phone fell into the harbour')

  await mailedText(reader, guide, email, /An administrator reset your second factor/)
  await clean(reader, 'the mail of a reset factor')
  await theirs.goto(await mailedLink(reader, guide, email, '/reset'))
  await clean(theirs, 'the mailed link')
  const fresh = 'nine herons wade through early fog'
  await theirs.getByLabel('New password', { exact: true }).fill(fresh)
  await theirs.getByRole('button', { name: 'Save the password' }).click()
  await expect(theirs.getByRole('heading', { level: 1, name: 'Your password is changed' })).toBeVisible()
  await begin(theirs, guide, { email, password: fresh })
  await expect(inbox(theirs), 'no factor is asked, and the password is the new one').toBeVisible()
})
