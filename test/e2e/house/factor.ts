import { execFileSync } from 'node:child_process'
import type { Page } from '@playwright/test'

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
