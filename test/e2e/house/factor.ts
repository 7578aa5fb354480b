import { execFileSync } from 'node:child_process'
import { expect, type Page } from '@playwright/test'
import type { Guide } from './house.ts'
import { mailedText } from './mail.ts'

/** Somebody's authenticator app: codes by oathtool, each of a later step than the last, since a code counts once. */
export class Phone {
  private readonly secret: string
  private last = 0

  constructor(secret: string) {
    this.secret = secret.replaceAll(/\s/g, '')
  }

  async code(): Promise<string> {
    for (;;) {
      const now = Math.floor(Date.now() / 1000)
      let step = Math.max(this.last + 1, Math.floor(now / 30) - 1)
      if (step < Math.floor(now / 30) && now % 30 > 24) step++ // it would be too old on its way
      if (step <= Math.floor(now / 30) + 1) {
        this.last = step
        return execFileSync('oathtool', ['--totp', '--base32', '--now', `@${String(step * 30)}`, this.secret]).toString().trim()
      }
      await new Promise((done) => setTimeout(done, 250))
    }
  }
}

/** A security key or the machine's own one, as Chromium makes it up: it belongs to one page's window. */
export class Key {
  private readonly session: Awaited<ReturnType<ReturnType<Page['context']>['newCDPSession']>>
  private readonly id: string

  private constructor(session: Key['session'], id: string) {
    this.session = session
    this.id = id
  }

  static async in(page: Page, verifies = true): Promise<Key> {
    const session = await page.context().newCDPSession(page)
    await session.send('WebAuthn.enable')
    const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
      options: { protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: verifies, isUserVerified: verifies, automaticPresenceSimulation: true },
    })
    return new Key(session, authenticatorId)
  }

  /** How many passkeys it holds. */
  async count(): Promise<number> {
    return (await this.session.send('WebAuthn.getCredentials', { authenticatorId: this.id })).credentials.length
  }

  /** Whether it answers by itself, as a finger that lies on it. */
  async touched(yes: boolean): Promise<void> {
    await this.session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: this.id, enabled: yes })
  }

  async lose(): Promise<void> {
    await this.session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: this.id })
  }
}

/** The mailed code of a first factor. The mail is read in a window of its own. */
export async function mailed(page: Page, reader: Page, guide: Guide, email: string): Promise<void> {
  await page.getByRole('button', { name: 'Mail me the code' }).click()
  const text = await mailedText(reader, guide, email, /Your code is \d{4} \d{4}/)
  await page.getByLabel('Code from the mail').fill(text.replaceAll(/\D/g, ''))
}

/** The app's steps, up to the recovery codes, which are given back. */
export async function scan(page: Page, look?: (what: string) => Promise<void>): Promise<{ phone: Phone; codes: string[] }> {
  await page.getByText('Can’t scan? Enter this key by hand').click()
  const key = (await page.getByRole('textbox', { name: 'Key for the authenticator app' }).or(page.locator('code')).first().evaluate((e) => (e as HTMLInputElement).value || e.textContent || '')).trim()
  expect(key.replaceAll(/\s/g, '')).toMatch(/^[A-Z2-7]{32}$/)
  await look?.('the QR code')
  const phone = new Phone(key)
  await page.getByLabel('Then write the code that it shows').fill(await phone.code())
  const list = page.getByRole('list', { name: 'Recovery codes' })
  await expect(list).toBeVisible()
  const codes = await list.getByRole('listitem').allInnerTexts()
  expect(codes).toHaveLength(10)
  await look?.('the recovery codes')
  await page.getByRole('button', { name: /Done|Go on/ }).click()
  await expect(page.getByText('Please keep the codes first, then tick the box.')).toBeVisible()
  await page.getByLabel('I have kept them in a safe place').check()
  await page.getByRole('button', { name: /Done|Go on/ }).click()
  return { phone, codes }
}
