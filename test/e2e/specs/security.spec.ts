import type { Locator, Page } from '@playwright/test'
import { clean } from '../house/axe.ts'
import { mailed, type Phone, scan } from '../house/factor.ts'
import { type Guide, House } from '../house/house.ts'
import { mailedText } from '../house/mail.ts'
import { begin, leave, person, signIn } from '../house/people.ts'
import { confirmWith, tenMinutesLater } from '../house/stepup.ts'
import { expect, test, theGuide } from '../house/test.ts'
import { Wire } from '../house/wire.ts'

// Administration > Security > Service Authentication, card by card, in a workspace of its own, since others could not sign in as they are used to.

let house: House
let guide: Guide
let phone: Phone | undefined // the administrator's

test.beforeAll(async () => {
  house = await House.start(theGuide().authority)
  guide = house.guide
})
test.afterAll(() => house.remove())

const noise = [/status of (401|403|409)/, /WebSocket/]
const inbox = (page: Page) => page.getByRole('navigation', { name: 'Folders' })

async function settings(page: Page): Promise<void> {
  await page.goto(new URL('/admin/security', guide.workspace).href)
  await expect(page.getByRole('button', { name: 'Change: Sessions' })).toBeVisible()
}

/** The administrator, with the factor once there is one. */
async function administrator(page: Page): Promise<void> {
  const boss = person(guide, 'Administrator')
  await begin(page, guide, boss)
  const code = page.getByLabel('Code from your authenticator app')
  const agree = page.getByRole('button', { name: 'I agree to both' })
  await expect(code.or(agree).or(inbox(page))).toBeVisible()
  if (await code.isVisible()) await code.fill((await phone?.code()) ?? '')
  else if (await agree.isVisible()) await agree.click()
  await expect(inbox(page)).toBeVisible()
  await settings(page)
}

type Line = readonly [name: string, before: string, after: string]

/** Opens a card's form, edits it, and stops at the review, which shows each old value beside the new one. */
async function review(page: Page, card: string, lines: readonly Line[], edit: (form: Locator) => Promise<void>): Promise<Locator> {
  await page.getByRole('button', { name: `Change: ${card}` }).click()
  const form = page.getByRole('form', { name: card })
  await edit(form)
  await form.getByRole('button', { name: 'Review and save' }).click()
  const dialog = page.getByRole('dialog', { name: 'Review the change' })
  for (const [name, before, after] of lines) {
    await expect(dialog.getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: true }) }).getByRole('cell')).toHaveText([before, after])
  }
  await expect(dialog.getByRole('rowheader')).toHaveCount(lines.length)
  return dialog
}

async function saved(page: Page): Promise<void> {
  await expect(page.getByText('Saved. It holds from now on.').first()).toBeVisible()
}

/** The newest entry about the settings has old beside new. */
async function recorded(page: Page, element: string, ...values: readonly (readonly [before: string, after: string])[]): Promise<void> {
  await page.goto(new URL('/admin/audit', guide.workspace).href)
  const entry = page.getByRole('table', { name: 'Entries' }).getByRole('row').filter({ hasText: element }).first()
  for (const [before, after] of values) {
    await expect(entry.locator('dd').filter({ hasText: `old: ${before}` }).filter({ hasText: `new: ${after}` })).toBeVisible()
  }
}

test.describe.serial('security settings', () => {
  // ASVS V8.3.2
  test('each card is changed under a step-up, shows old beside new, and stands in the audit log', async ({ page, watch }) => {
    test.setTimeout(180_000)
    watch.allow(...noise)
    await administrator(page)
    await clean(page, 'Service Authentication')
    await test.step('passwords', async () => {
      const dialog = await review(page, 'Staff password policies', [['Minimum length', '12 characters', '14 characters'], ['Password history', 'Not checked', 'The last 3 are refused']], async (form) => {
        await form.getByLabel('Minimum length').fill('14')
        await form.getByLabel('Password history').fill('3')
        await clean(page, 'the form of a card')
      })
      await clean(page, 'the review')
      await tenMinutesLater(page, '/api/v1/security/password')
      await dialog.getByRole('button', { name: 'Save' }).click()
      await confirmWith(page, person(guide, 'Administrator').password, (what) => clean(page, what))
      await saved(page)
      await recorded(page, 'Security setting', ['12 characters', '14 characters'], ['Not checked', 'The last 3 are refused'])
    })
    const cards: readonly (readonly [string, readonly Line[], (form: Locator) => Promise<void>, readonly (readonly [string, string])[]])[] = [
      ['Lockout', [['Wrong passwords in a row', 'The server’s own limit', 'After 5'], ['The lock ends', '15 minutes', 'By an administrator']], async (form) => {
        await form.getByLabel('Wrong passwords in a row').fill('5')
        await form.getByLabel('The lock ends').selectOption('By an administrator')
      }, [['The server’s own limit', 'After 5'], ['After a time', 'By an administrator']]],
      ['Sessions', [['Idle limit', '8 hours', 'One hour'], ['Absolute limit', '7 days', '12 hours']], async (form) => {
        await form.getByLabel('Idle limit').fill('60')
        await form.getByLabel('Absolute limit').fill('12')
      }, [['8 hours', 'One hour'], ['7 days', '12 hours']]],
      ['Two-factor authentication', [['Trusted devices', 'Never trusted', '7 days']], async (form) => {
        await form.getByLabel('Trusted devices').fill('7')
      }, [['Never trusted', '7 days']]],
    ]
    for (const [card, lines, edit, values] of cards) {
      await test.step(card, async () => {
        await settings(page)
        const dialog = await review(page, card, lines, edit)
        await dialog.getByRole('button', { name: 'Save' }).click()
        await saved(page)
        await recorded(page, 'Security setting', ...values)
      })
    }
    await test.step('a number that was cleared is no 0', async () => {
      await settings(page)
      await page.getByRole('button', { name: 'Change: Staff password policies' }).click()
      const form = page.getByRole('form', { name: 'Staff password policies' })
      await form.getByLabel('Password history').fill('')
      await form.getByRole('button', { name: 'Review and save' }).click()
      await expect(form.getByText('Please enter a number.')).toBeVisible()
      await expect(page.getByRole('dialog')).toHaveCount(0)
    })
    await test.step('a value out of bounds comes back to its field', async () => {
      watch.allow(/status of 422/)
      await settings(page)
      const dialog = await review(page, 'Staff password policies', [['Minimum length', '14 characters', '8 characters']], (form) => form.getByLabel('Minimum length').fill('8'))
      await dialog.getByRole('button', { name: 'Save' }).click()
      await expect(dialog).toBeHidden()
      const form = page.getByRole('form', { name: 'Staff password policies' })
      await expect(form.getByText('Can be under 12 only where a second factor is required.')).toBeVisible()
      await expect(form.getByLabel('Minimum length')).toHaveValue('8')
      await clean(page, 'a refused value')
      await form.getByLabel('Minimum length').fill('5')
      await form.getByRole('button', { name: 'Review and save' }).click()
      await expect(form.getByText('Please write a number from 8 to 64.')).toBeVisible()
      await expect(dialog).toBeHidden()
    })
  })

  test('two who change the same card: the second sees the first one’s change, and loses nothing', async ({ page, watch }) => {
    watch.allow(...noise)
    await administrator(page)
    const boss = new Wire(guide)
    boss.cookie = (await page.context().cookies(guide.workspace)).map((c) => `${c.name}=${c.value}`).join('; ')
    const dialog = await review(page, 'Sessions', [['Absolute limit', '12 hours', '20 hours']], (form) => form.getByLabel('Absolute limit').fill('20'))
    const now = (await boss.do('GET', '/api/v1/security')).json
    await boss.do('PUT', '/api/v1/security/sessions', { revision: now.revision, idle_minutes: 90, life_hours: 12 })
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog.getByText('The review shows theirs under “Now”')).toBeVisible()
    await expect(dialog.getByRole('rowheader'), 'what the second one did not touch is no change').toHaveText(['Absolute limit'])
    await expect(dialog.getByRole('row').filter({ hasText: 'Absolute limit' })).toContainText('20 hours')
    await clean(page, 'a change by two')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await saved(page)
    const then = (await boss.do('GET', '/api/v1/security')).json
    expect(then.sessions).toEqual({ idle_minutes: 90, life_hours: 20 })

    // The page has read what the third one saved by itself, while the form stood open: it is told all the same.
    await page.getByRole('button', { name: 'Change: Sessions' }).click()
    const form = page.getByRole('form', { name: 'Sessions' })
    await form.getByLabel('Absolute limit').fill('24')
    await boss.do('PUT', '/api/v1/security/sessions', { revision: then.revision, idle_minutes: 120, life_hours: 20 })
    await page.waitForTimeout(10_500) // what is known counts as fresh for ten seconds
    const read = page.waitForResponse((r) => r.url().endsWith('/api/v1/security') && r.request().method() === 'GET')
    await page.evaluate(() => { document.dispatchEvent(new Event('visibilitychange', { bubbles: true })) })
    await read
    await expect(form.getByText('Somebody changed these settings at the same time.')).toBeVisible()
    await form.getByRole('button', { name: 'Review and save' }).click()
    await expect(dialog.getByRole('rowheader')).toHaveText(['Absolute limit'])
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog).toBeHidden()
    expect((await boss.do('GET', '/api/v1/security')).json.sessions, 'nothing of theirs is put back').toEqual({ idle_minutes: 120, life_hours: 24 })
  })

  // ASVS V6.3.3
  test('whoever has no factor can’t require one: they would sign themselves out', async ({ page, watch }) => {
    watch.allow(...noise)
    await administrator(page)
    const dialog = await review(page, 'Two-factor authentication', [['Second factor', 'Optional', 'Required']], (form) => form.getByText('Required', { exact: true }).click())
    await expect(dialog).toContainText('You are not signed in with a factor that counts, so you would be signed out yourself.')
    await expect(dialog.getByRole('button', { name: 'Save' })).toBeDisabled()
    await clean(page, 'you would be signed out')
    await dialog.getByRole('link', { name: 'Open My Account' }).click()
    await expect(page).toHaveURL(/\/me/)
  })

  // ASVS V6.3.3, V7.4.2
  test('a second factor is required: who has none is signed out at once, reads why, sets one up, and is in', async ({ page, someone, watch }) => {
    test.setTimeout(180_000)
    watch.allow(...noise)
    const message = 'From Monday the auditors look at this. Ask Dana if you need help.'
    const agent = person(guide, 'Agent')
    const theirs = await someone()
    await signIn(theirs, guide, agent)
    const socket = theirs.waitForEvent('websocket')
    await theirs.reload()
    await socket
    await expect(inbox(theirs)).toBeVisible()
    await administrator(page)
    const reader = await someone()
    await page.goto(new URL('/me#factors', guide.workspace).href)
    await page.getByRole('button', { name: 'Add an authenticator app' }).click()
    await mailed(page, reader, guide, person(guide, 'Administrator').email)
    phone = (await scan(page)).phone
    await leave(page)
    await administrator(page)

    const dialog = await review(page, 'Two-factor authentication', [['Second factor', 'Optional', 'Required'], ['Message to the staff', 'None', message]], async (form) => {
      await form.getByText('Required', { exact: true }).click()
      await form.getByLabel('Message to the staff').fill(message)
    })
    await expect(dialog).toContainText(/\d+ of \d+ active members have no factor that counts\. They are signed out at once/)
    await clean(page, 'who is affected')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(theirs, 'within a second').toHaveURL(/\/signin/, { timeout: 1_500 })
    await saved(page)
    await recorded(page, 'Security setting', ['Optional', 'Required'], ['nothing', message])

    await mailedText(reader, guide, agent.email, new RegExp(`Your administrator writes: ${message}`))
    await clean(reader, 'the mail of a required factor')
    await begin(theirs, guide, agent)
    await expect(theirs.getByRole('heading', { level: 1, name: 'Add a second factor' })).toBeVisible()
    await expect(theirs.getByText(message)).toBeVisible()
    await clean(theirs, 'a factor is owed')
    await theirs.goto(new URL('/inbox', guide.workspace).href)
    await expect(theirs, 'nothing else is open before it is paid').toHaveURL(/\/signin/)
    await mailed(theirs, reader, guide, agent.email)
    await clean(theirs, 'the kind of a factor')
    await theirs.getByRole('button', { name: /authenticator app/i }).click()
    await scan(theirs, (what) => clean(theirs, `${what} at the door`))
    await expect(inbox(theirs)).toBeVisible()
  })

  // ASVS V8.2.4
  test('the staff IP list: watching shows who is met outside, nobody can shut themselves out, lines come and go', async ({ page, watch }) => {
    test.setTimeout(180_000)
    watch.allow(...noise)
    await administrator(page)
    await page.getByRole('link', { name: 'Open the list', exact: true }).click()
    await clean(page, 'the staff list, empty')
    const add = async (network: string, remark: string) => {
      await page.getByLabel('Address, block or range').fill(network)
      await page.getByLabel('Remark').fill(remark)
      await page.getByRole('button', { name: 'Add', exact: true }).click()
      await expect(page.getByText(`${network} is on the list.`)).toBeVisible()
    }
    const turn = async (mode: string) => {
      await page.getByRole('radiogroup', { name: 'The list is' }).getByText(mode, { exact: true }).click()
    }
    await add('198.51.100.0/24', 'The office in Bergen')
    await turn('On')
    const sure = page.getByRole('dialog', { name: 'Switch the list on?' })
    await clean(page, 'switching the list on')
    await sure.getByRole('button', { name: 'Switch on' }).click()
    await expect(sure).toContainText('you would shut yourself out')
    await clean(page, 'shutting oneself out')
    await sure.getByRole('button', { name: 'Cancel' }).click()

    await test.step('watching', async () => {
      await turn('Watch only')
      await expect(page.getByText('The list is watch only.')).toBeVisible()
      await expect(async () => { // a sighting is written down some seconds after the request
        await page.reload()
        await expect(page.getByRole('listitem').filter({ hasText: 'Would be refused' }).first()).toContainText(/127\.0\.0\.1|::1/, { timeout: 1_000 })
      }).toPass({ timeout: 20_000 })
      await clean(page, 'the staff list, watching')
    })
    await test.step('on, with the own address', async () => {
      await page.getByRole('button', { name: 'Add my address' }).click()
      await page.getByLabel('Remark').fill('This desk')
      await page.getByRole('button', { name: 'Add', exact: true }).click()
      await expect(page.getByText(/is on the list\./).first()).toBeVisible()
      await turn('On')
      await sure.getByRole('button', { name: 'Switch on' }).click()
      await expect(page.getByText('The list is on.')).toBeVisible()
      await recorded(page, 'Staff IP list', ['Watch only', 'On'])
      await page.goBack()
    })
    await test.step('the own line stays, the other one goes', async () => {
      const remove = async (network: RegExp) => {
        await page.getByRole('button', { name: network }).click()
        const dialog = page.getByRole('dialog', { name: network })
        await dialog.getByRole('button', { name: 'Remove' }).click()
        return dialog
      }
      const refused = await remove(/^Remove (127\.|::1)/)
      await expect(refused).toContainText('you would shut yourself out')
      await refused.getByRole('button', { name: 'Cancel' }).click()
      await expect(await remove(/^Remove 198\.51/)).toBeHidden()
      await expect(page.getByText('198.51.100.0/24 is removed.')).toBeVisible()
      await turn('Off')
      await expect(page.getByText('The list is off.')).toBeVisible()
    })
  })

  test('a card is changed by keyboard alone, and the focus is never lost', async ({ page, watch }) => {
    watch.allow(...noise)
    await administrator(page)
    const key = (k: string) => page.keyboard.press(k)
    const reach = async (target: Locator) => {
      for (let i = 0; i < 60 && !(await target.evaluate((e) => e === document.activeElement).catch(() => false)); i++) await key('Tab')
      await expect(target).toBeFocused()
    }
    const change = page.getByRole('button', { name: 'Change: Lockout' })
    await reach(change)
    await key('Enter')
    const field = page.getByLabel('Wrong passwords in a row')
    await expect(field).toBeFocused()
    await reach(page.getByRole('button', { name: 'Cancel' }))
    await key('Enter')
    await expect(change).toBeFocused()
    await key('Enter')
    await key('Control+a')
    await page.keyboard.type('7')
    await key('Enter')
    const dialog = page.getByRole('dialog', { name: 'Review the change' })
    await expect(dialog.getByRole('button', { name: 'Cancel' }), 'nothing is saved by pressing Enter twice').toBeFocused()
    await key('Escape')
    await expect(dialog).toBeHidden()
    await expect(field).toHaveValue('7')
    await reach(page.getByRole('button', { name: 'Review and save' }))
    await key('Enter')
    await reach(dialog.getByRole('button', { name: 'Save' }))
    await tenMinutesLater(page, '/api/v1/security/password')
    await key('Enter')
    const asked = page.getByRole('dialog', { name: 'Confirm that it is you' })
    await expect(asked.getByRole('textbox').first()).toBeFocused()
    await page.keyboard.type(phone ? await phone.code() : person(guide, 'Administrator').password)
    if (!phone) await key('Enter')
    await saved(page)
    await expect(change).toBeFocused()
    await reach(page.getByRole('link', { name: 'Open the list', exact: true }))
    await key('Enter')
    await expect(page).toHaveURL(/staff-list/)
    for (const stop of [page.getByRole('radio', { name: 'Off' }), page.getByLabel('Address, block or range'), page.getByLabel('Remark'), page.getByLabel('For', { exact: true }), page.getByRole('button', { name: 'Add', exact: true })]) await reach(stop)
  })

  // ASVS V6.2.1
  test('a password that is too short for this door is changed after the full sign-in', async ({ page, someone, watch }) => {
    test.setTimeout(120_000)
    watch.allow(...noise, /status of 422/)
    await administrator(page)
    const optional = await review(page, 'Two-factor authentication', [['Second factor', 'Required', 'Optional']], (form) => form.getByText('Optional', { exact: true }).click())
    await optional.getByRole('button', { name: 'Save' }).click()
    await saved(page)
    const dialog = await review(page, 'Staff password policies', [['Minimum length', '14 characters', '60 characters']], (form) => form.getByLabel('Minimum length').fill('60'))
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog).toBeHidden()

    const theirs = await someone()
    const supervisor = person(guide, 'Supervisor')
    await begin(theirs, guide, supervisor)
    await expect(theirs.getByRole('heading', { level: 1, name: 'Choose a new password' })).toBeVisible()
    await expect(theirs.getByText(/asks for at least 60 characters, and yours has fewer/)).toBeVisible()
    await clean(theirs, 'a new password is owed')
    await theirs.goto(new URL('/inbox', guide.workspace).href)
    await expect(theirs).toHaveURL(/\/signin/)
    const field = theirs.getByLabel('New password', { exact: true })
    const send = theirs.getByRole('button', { name: 'Save and continue' })
    await field.fill('eleven kites')
    await send.click()
    await expect(theirs.getByText(/60 at least/)).toBeVisible()
    const long = 'eleven kites above the old canal, and not one of them is painted red'
    await field.fill(long)
    await send.click()
    const agree = theirs.getByRole('button', { name: 'I agree to both' })
    await expect(agree.or(inbox(theirs))).toBeVisible()
    if (await agree.isVisible()) await agree.click()
    await expect(inbox(theirs)).toBeVisible()
    await leave(theirs)
    await signIn(theirs, guide, { email: supervisor.email, password: long })
  })
})
