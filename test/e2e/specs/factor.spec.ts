import type { Page } from '@playwright/test'
import { clean } from '../house/axe.ts'
import { Key, mailed, Phone, scan } from '../house/factor.ts'
import { mailedText } from '../house/mail.ts'
import { begin, hire, leave, person } from '../house/people.ts'
import { tenMinutesLater } from '../house/stepup.ts'
import { expect, test } from '../house/test.ts'
import { Wire } from '../house/wire.ts'

// A second factor, from the first one to the lost one: an app whose codes oathtool computes, and Chromium's own passkeys.

test.describe.serial('an authenticator app', () => {
  let who: { email: string; password: string }
  let phone: Phone
  let codes: string[]

  // ASVS V6.3.3, V6.6.2
  test('is set up in My Account, with a code that is mailed; axe finds nothing on the way', async ({ page, guide, someone, watch }) => {
    test.setTimeout(180_000)
    watch.allow(/status of (403|422)/)
    who = await hire(page, guide, 'nora@acme.example', 'Nora Phone')
    await page.goto(new URL('/me#factors', guide.workspace).href)
    await clean(page, 'My Account')
    const add = page.getByRole('button', { name: 'Add an authenticator app' })
    const reader = await someone()
    await add.click()
    await clean(page, 'the mailed code')
    const write = (digits: string) => page.getByLabel('Code from the mail').fill(digits)
    await test.step('who would not prove who they are is left with no empty code', async () => {
      await tenMinutesLater(page, '/api/v1/me/factors/totp')
      await page.getByRole('button', { name: 'Mail me the code' }).click()
      await write('12345678')
      await page.getByRole('dialog', { name: 'Confirm that it is you' }).getByRole('button', { name: 'Cancel' }).click()
      await expect(page.getByRole('dialog')).toHaveCount(0)
    })
    await test.step('an entry that was scanned outlives a wrong mailed code', async () => {
      await add.click()
      await page.getByRole('button', { name: 'Mail me the code' }).click()
      await write('00000000')
      const key = async () => {
        await page.getByText('Can’t scan? Enter this key by hand').click()
        return page.locator('code').first().innerText()
      }
      const entry = await key()
      const field = page.getByLabel('Then write the code that it shows')
      await field.fill('123')
      await page.getByRole('button', { name: 'Check the code' }).click()
      await expect(page.getByText('Please write all 6 digits.')).toBeVisible()
      await field.fill(await new Phone(entry).code())
      await expect(page.getByLabel('Code from the mail')).toBeFocused()
      await clean(page, 'a wrong mailed code')
      await write((await mailedText(reader, guide, who.email, /Your code is \d{4} \d{4}/)).replaceAll(/\D/g, ''))
      expect(await key()).toBe(entry)
      await page.getByText('Can’t scan? Enter this key by hand').click()
    })
    const made = await scan(page, (what) => clean(page, what))
    phone = made.phone
    codes = made.codes
    await expect(page.getByRole('list', { name: 'Second factors' })).toContainText('Authenticator app')
    await expect(page.getByText('10 left')).toBeVisible()
  })

  test('is asked for at the next sign-in, and its code counts once', async ({ page, guide, someone, watch }) => {
    watch.allow(/status of (401|422)/)
    await begin(page, guide, who)
    await expect(page.getByLabel('Code from your authenticator app')).toBeFocused()
    await clean(page, 'the second factor')
    const code = await phone.code()
    await page.getByLabel('Code from your authenticator app').fill(code)
    await expect(page.getByRole('navigation', { name: 'Folders' })).toBeVisible()
    const other = await someone()
    await begin(other, guide, who)
    await other.getByLabel('Code from your authenticator app').fill(code)
    await expect(other.getByText(/not right|used already/).first()).toBeVisible()
    await expect(other).toHaveURL(/\/signin/)
  })

  // ASVS V6.4.4
  test('is lost: a recovery code signs in, once', async ({ page, guide, watch }) => {
    watch.allow(/status of (401|422)/)
    for (const first of [true, false]) {
      await begin(page, guide, who)
      await page.getByRole('button', { name: 'Lost it? Use a recovery code' }).click()
      if (first) await clean(page, 'the recovery code')
      await page.getByLabel('Recovery code').fill(codes[2] ?? '')
      await page.getByRole('main').getByRole('button').first().click()
      if (first) {
        await expect(page.getByRole('navigation', { name: 'Folders' })).toBeVisible()
        await leave(page)
      } else {
        await expect(page.getByText(/not right|used already/).first()).toBeVisible()
      }
    }
  })

  test('is reset by the administrator and set up anew', async ({ page, guide, someone, watch }) => {
    watch.allow(/status of (401|422)/)
    const boss = new Wire(guide)
    const { email, password } = person(guide, 'Administrator')
    await boss.signIn(email, password)
    const staff = await boss.do('GET', '/api/v1/staff?limit=100')
    const { id } = (staff.json.items as { id: string; email: string }[]).find((one) => one.email === who.email) ?? { id: '' }
    await boss.do('POST', `/api/v1/staff/${id}/reset-factor`, { reason: 'The phone fell into the harbour.' })
    await begin(page, guide, who)
    await expect(page.getByRole('navigation', { name: 'Folders' }), 'no factor counts here any more').toBeVisible()
    await page.goto(new URL('/me#factors', guide.workspace).href)
    await page.getByRole('button', { name: 'Add an authenticator app' }).click()
    await mailed(page, await someone(), guide, who.email)
    await page.getByText('Can’t scan? Enter this key by hand').click()
    const key = (await page.getByRole('textbox', { name: 'Key for the authenticator app' }).or(page.locator('code')).first().evaluate((e) => (e as HTMLInputElement).value || e.textContent || '')).trim()
    phone = new Phone(key)
    await page.getByLabel('Then write the code that it shows').fill(await phone.code())
    await expect(page.getByRole('list', { name: 'Second factors' })).toContainText('Authenticator app')
  })

  // ASVS V6.3.7, V7.5.1
  test('is the last one, so that it goes a day later, and is kept by keyboard from another window', async ({ page, guide, someone }) => {
    test.setTimeout(120_000)
    await begin(page, guide, who)
    await page.getByLabel('Code from your authenticator app').fill(await phone.code())
    await expect(page.getByRole('navigation', { name: 'Folders' })).toBeVisible()
    await page.goto(new URL('/me#factors', guide.workspace).href)
    await page.getByRole('button', { name: /^Remove / }).click()
    const dialog = page.getByRole('dialog')
    await expect(dialog).toContainText('24 hours from now')
    await clean(page, 'the removal that waits')
    await dialog.getByRole('button', { name: 'Remove in 24 hours' }).click()
    const list = page.getByRole('list', { name: 'Second factors' })
    await expect(list).toContainText(/Will be removed on \d+ \w+ \d{4}, \d\d:\d\d/)
    await expect(list.getByRole('button', { name: /^Keep it/ })).toBeFocused()
    await clean(page, 'a factor on its way out')
    await mailedText(await someone(), guide, who.email, /It counts, and is asked for, until/)

    const other = await someone()
    await begin(other, guide, who)
    await other.getByLabel('Code from your authenticator app').fill(await phone.code())
    await expect(other.getByRole('navigation', { name: 'Folders' }), 'it is asked for, and counts').toBeVisible()
    await other.goto(new URL('/me#factors', guide.workspace).href)
    await other.getByRole('button', { name: /^Keep it/ }).focus()
    await other.keyboard.press('Enter')
    await expect(other.getByText(/ stays\.$/)).toBeVisible()
    await expect(other.getByRole('button', { name: /^Remove / })).toBeFocused()
    await expect(other.getByText(/Will be removed/)).toBeHidden()
  })
})

test.describe.serial('a passkey', () => {
  // ASVS V6.3.3, V6.7.2
  test('is made, signs in beside the password and alone, and its sessions can be ended from afar', async ({ page, guide, someone, watch }) => {
    test.setTimeout(120_000)
    watch.allow(/status of 401/, /WebSocket/)
    const who = await hire(page, guide, 'kai@acme.example', 'Kai Key')
    const key = await Key.in(page)
    await page.goto(new URL('/me#factors', guide.workspace).href)
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await mailed(page, await someone(), guide, who.email)
    await clean(page, 'a new passkey')
    await page.getByRole('button', { name: 'Create the passkey' }).click()
    await expect(page.getByRole('list', { name: 'Recovery codes' })).toBeVisible()
    expect(await key.count()).toBe(1)
    await page.getByLabel('I have kept them in a safe place').check()
    await page.getByRole('button', { name: 'Done' }).click()
    await key.touched(false) // the page offers passkeys by itself: untouched, it signs nobody in while we leave
    await leave(page)

    await test.step('beside the password', async () => {
      await begin(page, guide, who)
      await key.touched(true)
      await page.getByRole('button', { name: 'Use your passkey' }).click()
      await expect(page.getByRole('navigation', { name: 'Folders' })).toBeVisible()
      await key.touched(false)
      await leave(page)
    })
    await test.step('alone', async () => {
      await page.goto(new URL('/signin', guide.workspace).href)
      const inbox = page.getByRole('navigation', { name: 'Folders' })
      const button = page.getByRole('button', { name: 'Sign in with a passkey' })
      await expect(button.or(inbox)).toBeVisible()
      await key.touched(true)
      if (await button.isVisible()) await button.click({ timeout: 3_000 }).catch(() => undefined) // autofill may be quicker
      await expect(inbox).toBeVisible()
    })
    await test.step('the session is ended from another browser', async () => {
      const wire = new Wire(guide)
      wire.cookie = (await page.context().cookies(guide.workspace)).map((c) => `${c.name}=${c.value}`).join('; ')
      const mine = await wire.do('GET', '/api/v1/me/sessions')
      const [current] = (mine.json.items as { id: string; current: boolean }[]).filter((one) => one.current)
      await wire.do('DELETE', `/api/v1/me/sessions/${current?.id ?? ''}`)
      await expect(page, 'within a second').toHaveURL(/\/signin/, { timeout: 1_500 })
    })
  })
})

test('enrolling and signing in by keyboard alone', async ({ page, guide, someone, watch }) => {
  test.setTimeout(120_000)
  watch.allow(/status of 401/)
  const key = (k: string) => page.keyboard.press(k)
  /** Tabs until something has the focus. */
  const reach = async (target: ReturnType<Page['getByRole']>) => {
    for (let i = 0; i < 60; i++) {
      if (await target.evaluate((e) => e === document.activeElement || e.contains(document.activeElement)).catch(() => false)) return
      await key('Tab')
    }
    await expect(target).toBeFocused()
  }
  const who = await hire(page, guide, 'tab@acme.example', 'Tabea Keys')
  await page.goto(new URL('/me#factors', guide.workspace).href)
  await expect(page.getByRole('button', { name: 'Add an authenticator app' })).toBeVisible()
  await reach(page.getByRole('button', { name: 'Add an authenticator app' }))
  await key('Enter')
  await reach(page.getByRole('button', { name: 'Mail me the code' }))
  await key('Enter')
  const text = await mailedText(await someone(), guide, who.email, /Your code is \d{4} \d{4}/)
  await expect(page.getByLabel('Code from the mail')).toBeFocused()
  await page.keyboard.type(text.replaceAll(/\D/g, ''))
  const hand = page.getByText('Can’t scan? Enter this key by hand')
  await expect(hand).toBeVisible()
  await reach(hand)
  await key('Enter')
  const shown = (await page.getByRole('textbox', { name: 'Key for the authenticator app' }).or(page.locator('code')).first().evaluate((e) => (e as HTMLInputElement).value || e.textContent || '')).trim()
  const phone = new Phone(shown)
  await reach(page.getByLabel('Then write the code that it shows'))
  await page.keyboard.type(await phone.code())
  await expect(page.getByRole('list', { name: 'Recovery codes' })).toBeVisible()
  await reach(page.getByLabel('I have kept them in a safe place'))
  await key('Space')
  await reach(page.getByRole('button', { name: 'Done' }))
  await key('Enter')
  await expect(page.getByRole('list', { name: 'Second factors' })).toContainText('Authenticator app')
  await leave(page)
  await page.goto(new URL('/signin', guide.workspace).href)
  await expect(page.getByLabel('E-mail address')).toBeFocused()
  await page.keyboard.type(who.email)
  await key('Tab')
  await page.keyboard.type(who.password)
  await key('Enter')
  await expect(page.getByLabel('Code from your authenticator app')).toBeFocused()
  await page.keyboard.type(await phone.code())
  await expect(page.getByRole('navigation', { name: 'Folders' })).toBeVisible()
})
