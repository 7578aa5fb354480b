import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Download, Page } from '@playwright/test'
import { clean } from '../house/axe.ts'
import { House } from '../house/house.ts'
import { enter, messages, person, row, signIn } from '../house/people.ts'
import { confirmWith, tenMinutesLater } from '../house/stepup.ts'
import { expect, test } from '../house/test.ts'
import { Wire } from '../house/wire.ts'

const run = promisify(execFile)
const question = 'Where is my order from May?'
const name = 'Ottilie Brandt'
const said = 'Please send it to Elm Street 9.'

interface Asked {
  enquiry: string
  contact: string
}

/** A visitor who asks, and is answered. */
async function talk(boss: Wire, from: Wire): Promise<Asked> {
  const begun = await from.begin(name, question, 'ottilie@example.com')
  if (!('room' in begun)) throw new Error(begun.text)
  await boss.do('POST', `/api/v1/enquiries/${begun.enquiry}/pickup`)
  await boss.do('POST', `/api/v1/rooms/${begun.room}/messages`, { id: crypto.randomUUID(), body: said })
  const { json } = await boss.do('GET', `/api/v1/enquiries/${begun.enquiry}`)
  return { enquiry: begun.enquiry, contact: json.contact.id }
}

async function downloaded(page: Page, press: () => Promise<void>): Promise<Download> {
  const [file] = await Promise.all([page.waitForEvent('download'), press()])
  return file
}

/** Goes on with Tab until something has the focus. */
async function tabTo(page: Page, label: string | RegExp): Promise<void> {
  const there = page.getByRole('button', { name: label })
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab')
    if (await there.evaluateAll((all) => all.includes(document.activeElement as HTMLElement))) return
  }
  throw new Error(`Tab does not lead to ${String(label)}`)
}

test('a contact is exported, held, erased by keyboard, and certified', async ({ page, guide, someone, watch }) => {
  test.setTimeout(240_000)
  watch.allow(/status of (403|404|409|422)/)
  const house = await House.start(guide.authority)
  const key = (k: string) => page.keyboard.press(k)
  try {
    const here = house.guide
    const dana = person(here, 'Administrator')
    const boss = new Wire(here)
    await boss.signIn(dana.email, dana.password)
    const { enquiry, contact } = await talk(boss, new Wire(here))
    const path = (what: string) => `/api/v1/contacts/${contact}/${what}`
    const wizard = page.getByRole('dialog', { name: `Erase ${name}` })
    const details = page.getByRole('dialog', { name: 'Details' })
    const openWizard = async () => {
      await page.getByRole('button', { name: 'Details' }).press('Enter')
      await expect(details).toBeVisible()
      await tabTo(page, 'Erase…')
      await key('Enter')
      await expect(wizard.getByRole('heading', { name: 'What an erasure does', level: 3 })).toBeFocused()
    }

    await test.step('the page before anything happened', async () => {
      await enter(page, here, 'Administrator', '/admin/erasure')
      await expect(page.getByText('Nobody has been erased yet')).toBeVisible()
      await expect(page.getByText('No hold stands')).toBeVisible()
      await expect(page.getByRole('link', { name: 'Erasure' })).toHaveAttribute('aria-current', 'page')
      await clean(page, 'erasure-empty')
    })

    await test.step('an id that is none, and one that nobody has', async () => {
      await page.getByRole('button', { name: 'Erase a contact' }).press('Enter')
      const who = page.getByRole('dialog', { name: 'Erase a contact' })
      await expect(who.getByLabel('Contact ID')).toBeFocused()
      await page.keyboard.type(name)
      await key('Enter')
      await expect(who.getByText('That is no contact ID.')).toBeVisible()
      await who.getByLabel('Contact ID').fill(crypto.randomUUID())
      await key('Enter')
      await expect(who.getByText('No contact has this ID.')).toBeVisible()
      await clean(page, 'erasure-who')
      await key('Escape')
      await expect(who).toHaveCount(0)
      await expect(page.getByRole('button', { name: 'Erase a contact' })).toBeFocused()
    })

    await test.step('who is being answered is not erased', async () => {
      await page.goto(new URL(`/inbox/${enquiry}?view=all`, here.workspace).href)
      await expect(messages(page)).toContainText(said)
      await openWizard()
      await expect(wizard).toContainText('One conversation is not closed')
      await expect(wizard.getByRole('link', { name: 'Go to the conversation' })).toBeVisible()
      await expect(wizard.getByRole('button', { name: 'Continue' })).toHaveCount(0)
      await clean(page, 'erasure-open')
      await boss.do('POST', `/api/v1/enquiries/${enquiry}/close`)
      await wizard.getByRole('button', { name: 'Check again' }).press('Enter')
      await expect(wizard.getByRole('button', { name: 'Continue' })).toBeVisible()
      await key('Escape')
      await expect(wizard).toHaveCount(0)
      await expect(details, 'Escape closes one dialog at a time').toBeVisible()
      await expect(details.getByRole('button', { name: 'Erase…' })).toBeFocused()
      await clean(page, 'erasure-details')
    })

    await test.step('a hold is placed, and refuses with its reason', async () => {
      await tenMinutesLater(page, path('holds'))
      await details.getByRole('button', { name: 'Place a hold' }).press('Enter')
      const place = page.getByRole('dialog', { name: `Place a hold on ${name}` })
      await expect(place.getByLabel('Reason')).toBeFocused()
      await place.getByRole('button', { name: 'Place a hold' }).press('Enter')
      await expect(place.getByText('Please write a reason.')).toBeVisible()
      await place.getByLabel('Reason').fill('Complaint 2026-118 is with the ombudsman')
      await clean(page, 'erasure-hold')
      await place.getByRole('button', { name: 'Place a hold' }).press('Enter')
      await confirmWith(page, dana.password)
      await expect(details).toContainText('Complaint 2026-118 is with the ombudsman')
      await details.getByRole('button', { name: 'Erase…' }).press('Enter')
      await expect(wizard.getByRole('alert')).toContainText('Complaint 2026-118 is with the ombudsman')
      await expect(wizard.getByRole('button', { name: 'Continue' })).toHaveCount(0)
      await clean(page, 'erasure-held')
      await wizard.getByRole('link', { name: 'Go to the holds' }).press('Enter')
    })

    await test.step('the hold is lifted on the page', async () => {
      await expect(page.getByRole('list', { name: 'Holds that stand' })).toContainText(name)
      await clean(page, 'erasure-page-held')
      await page.getByRole('button', { name: `Lift the hold on ${name}` }).press('Enter')
      const lift = page.getByRole('dialog', { name: `Lift the hold on ${name}?` })
      await expect(lift.getByLabel('Reason')).toBeFocused()
      await page.keyboard.type('The complaint is settled')
      await tabTo(page, 'Lift the hold')
      await key('Enter')
      await expect(page.getByText('No hold stands')).toBeVisible()
    })

    await test.step('what goes, and a copy first', async () => {
      await page.goto(new URL(`/inbox/${enquiry}?view=all`, here.workspace).href)
      await openWizard()
      await expect(wizard).toContainText('1 conversation with 4 messages and events, by them and by your staff')
      await expect(wizard).toContainText('What this does not reach')
      await clean(page, 'erasure-goes')
      await tabTo(page, 'Continue')
      await key('Enter')
      await expect(wizard.getByRole('heading', { name: 'Does anybody need a copy?', level: 3 })).toBeFocused()
      await expect(wizard.getByRole('button', { name: 'Continue without a copy' })).toBeVisible()
      await key('Tab')
      await expect(wizard.getByRole('button', { name: 'Download the archive' })).toBeFocused()
      await tenMinutesLater(page, path('export'))
      const file = await downloaded(page, async () => {
        await key('Enter')
        await confirmWith(page, dana.password)
      })
      expect(file.suggestedFilename()).toBe(`contact-${contact}.zip`)
      expect((await readFile(await file.path())).subarray(0, 4).toString('latin1')).toBe('PK\u0003\u0004')
      await expect(wizard).toContainText('The erasure does not reach it')
      await clean(page, 'erasure-copy')
      await wizard.getByRole('button', { name: 'Continue' }).press('Enter')
    })

    await test.step('nothing but the last button erases', async () => {
      await expect(wizard.getByRole('heading', { name: 'Why, and is it the right person?', level: 3 })).toBeFocused()
      await key('Tab')
      await expect(wizard.getByLabel('Reason')).toBeFocused()
      await page.keyboard.type('Asked for by letter of 20 November')
      await key('Tab')
      await page.keyboard.type(enquiry)
      await key('Enter')
      await key('Tab')
      await expect(wizard.getByRole('button', { name: 'Back' })).toBeFocused()
      await key('Tab')
      await expect(wizard.getByRole('button', { name: `Erase ${name} for good` })).toBeFocused()
      await key('Enter')
      await expect(wizard.getByText('This is not the ID of this contact.')).toBeVisible()
      await clean(page, 'erasure-confirm')
      await wizard.getByLabel('Type the contact’s ID').fill(contact)
      await key('Enter')
      expect((await boss.do('GET', path('kept'))).json.contact.erased, 'Enter in a field erases nobody').toBeUndefined()
    })

    await test.step('a hold that came meanwhile refuses at the last button', async () => {
      const { json: hold } = await boss.do('POST', path('holds'), { reason: 'Wait for legal' })
      await tabTo(page, `Erase ${name} for good`)
      await key('Enter')
      await expect(wizard.getByRole('alert')).toContainText('Wait for legal')
      await expect(wizard.getByRole('alert')).toContainText('Nothing was erased')
      await clean(page, 'erasure-refused')
      await boss.do('POST', `/api/v1/holds/${hold.id}/lift`, { reason: 'They agree' })
    })

    let certificate = ''
    await test.step('erased, and the certificate verifies offline', async () => {
      await tenMinutesLater(page, path('erase'))
      await wizard.getByRole('button', { name: `Erase ${name} for good` }).focus()
      await key('Enter')
      const asked = page.getByRole('dialog', { name: 'Confirm that it is you' })
      await expect(asked).toBeVisible()
      await key('Escape')
      await expect(asked).toHaveCount(0)
      await expect(wizard, 'who breaks off is back at the last step').toBeVisible()
      await tenMinutesLater(page, path('erase'))
      await wizard.getByRole('button', { name: `Erase ${name} for good` }).press('Enter')
      await confirmWith(page, dana.password)
      const done = page.getByRole('dialog', { name: 'The contact is erased' })
      await expect(done).toContainText('1 conversation, 4 messages and events')
      await expect(done.getByRole('button', { name: 'Download the certificate' })).toBeFocused()
      const file = await downloaded(page, () => key('Enter'))
      expect(file.suggestedFilename()).toMatch(/^erasure-[0-9a-f-]{36}\.txt$/)
      certificate = await file.path()
      await clean(page, 'erasure-done')
      await key('Escape')
      await expect(done).toHaveCount(0)
      await expect(details.getByRole('region', { name: 'Their data' })).toBeFocused()
      const { json } = await boss.do('GET', '/api/v1/erasures')
      const { stdout } = await run(process.env['PARLATORY_BINARY'] ?? '', ['audit', 'verify-certificate', certificate, '--key', json.verifier])
      expect(stdout).toContain('sound: signed by ')
      expect(stdout).toContain(`contact: ${contact}`)
      await expect(run(process.env['PARLATORY_BINARY'] ?? '', ['audit', 'verify-certificate', certificate, '--key', json.verifier.replace(/.{4}$/, 'AAA=')])).rejects.toThrow()
    })

    await test.step('the conversation says so, and the lists stand', async () => {
      await key('Escape')
      await expect(page.getByText('This contact was erased')).toBeVisible()
      await expect(page.getByRole('heading', { level: 2, name: 'Erased contact' })).toBeVisible()
      await expect(page.getByRole('button', { name: 'Reopen' })).toHaveCount(0)
      await expect(row(page, 'Nothing that was said is kept')).toContainText('Erased contact')
      for (const gone of [name, question, said, 'ottilie@example.com']) await expect(page.locator('body')).not.toContainText(gone)
      await clean(page, 'erasure-conversation')
      await page.reload()
      await expect(page.getByText('This contact was erased')).toBeVisible()
      await page.getByRole('button', { name: 'Details' }).click()
      await expect(details).toContainText('Show the certificates')
      await clean(page, 'erasure-details-after')
      await details.getByRole('link', { name: 'Show the certificates' }).click()
    })

    await test.step('the page has the certificate, and how to check it', async () => {
      await expect(page.getByRole('list', { name: 'Erased contacts' })).toContainText(contact)
      const { json } = await boss.do('GET', '/api/v1/erasures')
      await expect(page.getByLabel('Check a certificate')).toHaveText(`parlatory audit verify-certificate erasure-${json.items[0].id}.txt --key "${json.verifier}"`)
      await clean(page, 'erasure-page')
      const file = await downloaded(page, () => page.getByRole('button', { name: `Download the certificate of ${contact}` }).click())
      expect(await readFile(await file.path(), 'utf8')).toBe(await readFile(certificate, 'utf8'))
      await page.getByRole('link', { name: 'Show its entry in the audit log' }).click()
      await expect(page.getByRole('table', { name: 'Entries' }).locator('tbody tr').first()).toContainText('Archive key')
    })

    await test.step('an agent sees none of it', async () => {
      const theirs = await someone({ viewport: { width: 1600, height: 900 } })
      await signIn(theirs, here, person(here, 'Agent'))
      await theirs.goto(new URL('/admin/erasure', here.workspace).href)
      await expect(theirs.getByRole('heading', { level: 1, name: /role/i })).toBeAttached()
      await theirs.goto(new URL('/inbox?view=waiting', here.workspace).href)
      await row(theirs, '').first().click()
      await expect(theirs.getByRole('region', { name: 'Details' })).toBeVisible()
      await expect(theirs.getByRole('region', { name: 'Their data' })).toHaveCount(0)
      await theirs.goto('about:blank')
    })
  } finally {
    await page.goto('about:blank')
    await house.remove()
  }
})
