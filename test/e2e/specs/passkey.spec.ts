import type { Locator, Page } from '@playwright/test'
import { clean } from '../house/axe.ts'
import { Key } from '../house/factor.ts'
import { type Guide, House } from '../house/house.ts'
import { mailedText } from '../house/mail.ts'
import { begin, leave, person, signIn } from '../house/people.ts'
import { tenMinutesLater } from '../house/stepup.ts'
import { expect, test, theGuide } from '../house/test.ts'
import { Wire } from '../house/wire.ts'

// Passkeys only, from the requirement to the lost key, in a workspace of its own. What a person does is done by keyboard.

let house: House
let guide: Guide

test.beforeAll(async () => {
  house = await House.start(theGuide().authority)
  guide = house.guide
})
test.afterAll(() => house.remove())

const inbox = (page: Page) => page.getByRole('navigation', { name: 'Folders' })

/** Tabs until something has the focus. */
async function reach(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible()
  for (let i = 0; i < 80 && !(await target.evaluate((e) => e === document.activeElement)); i++) await page.keyboard.press('Tab')
  await expect(target).toBeFocused()
}

async function press(page: Page, name: string | RegExp): Promise<void> {
  await reach(page, page.getByRole('button', { name, exact: true }))
  await page.keyboard.press('Enter')
}

/** The mailed code, the passkey, and the recovery codes, which are given back. */
async function enrol(page: Page, reader: Page, email: string): Promise<string[]> {
  await press(page, 'Mail me the code')
  const text = await mailedText(reader, guide, email, /Your code is \d{4} \d{4}/)
  await expect(page.getByLabel('Code from the mail')).toBeFocused()
  await page.keyboard.type(text.replaceAll(/\D/g, ''))
  await press(page, 'Create the passkey')
  const list = page.getByRole('list', { name: 'Recovery codes' })
  await expect(list).toBeVisible()
  const codes = await list.getByRole('listitem').allInnerTexts()
  expect(codes).toHaveLength(10)
  await reach(page, page.getByLabel('I have kept them in a safe place'))
  await page.keyboard.press('Space')
  await press(page, /^(Done|Go on)$/)
  return codes
}

/** Address and password; the passkey is what is owed then. */
async function withPasskey(page: Page, key: Key, who: { email: string; password: string }): Promise<void> {
  await key.touched(false) // the page offers passkeys by itself, which would be one step less
  await begin(page, guide, who)
  const button = page.getByRole('button', { name: 'Use your passkey' })
  await expect(button).toBeVisible()
  await key.touched(true)
  await reach(page, button)
  await page.keyboard.press('Enter')
  await expect(inbox(page)).toBeVisible()
}

// ASVS V6.3.3, V6.4.4, V6.7.2, V7.5.1
test('passkeys alone are required: enrolled, proved again, lost, and set up anew', async ({ page, someone, watch }) => {
  test.setTimeout(240_000)
  watch.allow(/status of (401|403|409|422)/, /WebSocket/)
  const reader = await someone()
  const boss = person(guide, 'Administrator')
  const key = await Key.in(page)

  await test.step('the administrator makes one, and signs in with it', async () => {
    await signIn(page, guide, boss)
    await page.goto(new URL('/me#factors', guide.workspace).href)
    await press(page, 'Add a passkey')
    await enrol(page, reader, boss.email)
    await expect(page.getByRole('list', { name: 'Second factors' })).toContainText('Passkey')
    expect(await key.count()).toBe(1)
    await key.touched(false)
    await leave(page)
    await withPasskey(page, key, boss)
  })

  await test.step('and requires them of all, after proving by passkey who it is', async () => {
    await page.goto(new URL('/admin/security', guide.workspace).href)
    await press(page, 'Change: Two-factor authentication')
    const form = page.getByRole('form', { name: 'Two-factor authentication' })
    await form.getByText('Required', { exact: true }).click()
    await form.getByLabel('Passkeys only').check()
    await press(page, 'Review and save')
    const dialog = page.getByRole('dialog', { name: 'Review the change' })
    await expect(dialog.getByRole('row').filter({ hasText: 'Passkeys only' })).toBeVisible()
    await tenMinutesLater(page, '/api/v1/security/factor')
    await reach(page, dialog.getByRole('button', { name: 'Save' }))
    const proved = page.waitForResponse((r) => new URL(r.url()).pathname === '/api/v1/me/step-up')
    await page.keyboard.press('Enter')
    const asked = page.getByRole('dialog', { name: 'Confirm that it is you' })
    await expect(asked.getByRole('textbox'), 'nothing but the passkey is asked for').toHaveCount(0)
    await expect(asked.getByRole('button', { name: 'Use your passkey' })).toBeFocused()
    await page.keyboard.press('Enter')
    expect((await proved).ok()).toBe(true)
    await expect(page.getByText('Saved. It holds from now on.').first()).toBeVisible()
  })

  const agent = person(guide, 'Agent')
  const theirs = await someone()
  const first = await Key.in(theirs)
  let codes: string[] = []

  await test.step('somebody else sets one up on the way in', async () => {
    await begin(theirs, guide, agent)
    await expect(theirs.getByRole('heading', { level: 1, name: 'Add a second factor' })).toBeVisible()
    await expect(theirs.getByRole('button', { name: /authenticator app/i }), 'no other kind is offered').toHaveCount(0)
    codes = await enrol(theirs, reader, agent.email)
    const agree = theirs.getByRole('button', { name: 'I agree to both' })
    await expect(agree.or(inbox(theirs))).toBeVisible()
    if (await agree.isVisible()) await press(theirs, 'I agree to both')
    await expect(inbox(theirs)).toBeVisible()
    expect(await first.count()).toBe(1)
    await first.touched(false)
    await leave(theirs)
    await withPasskey(theirs, first, agent)
    await first.touched(false)
    await leave(theirs)
  })

  await test.step('loses it: a recovery code goes as far as the next key, and no further', async () => {
    await first.lose()
    const second = await Key.in(theirs)
    await second.touched(false)
    await begin(theirs, guide, agent)
    await press(theirs, 'Lost it? Use a recovery code')
    await expect(theirs.getByLabel('Recovery code')).toBeFocused()
    await theirs.keyboard.type(codes[4] ?? '')
    await theirs.keyboard.press('Enter')
    await expect(theirs.getByRole('heading', { level: 1, name: 'Add a second factor' })).toBeVisible()
    await clean(theirs, 'a passkey is owed after a recovery code')
    await theirs.goto(new URL('/inbox', guide.workspace).href)
    await expect(theirs, 'the code alone opens nothing').toHaveURL(/\/signin/)
    await second.touched(true)
    await press(theirs, 'Create the passkey')
    await expect(inbox(theirs)).toBeVisible()
    expect(await second.count()).toBe(1)
    await second.touched(false)
    await leave(theirs)
    await withPasskey(theirs, second, agent)
    const wire = new Wire(guide)
    wire.cookie = (await theirs.context().cookies(guide.workspace)).map((c) => `${c.name}=${c.value}`).join('; ')
    expect((await wire.do('GET', '/api/v1/me/factors')).json.recovery_left).toBe(9)
  })
})
