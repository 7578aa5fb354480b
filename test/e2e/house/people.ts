import { type BrowserContext, expect, type Locator, type Page } from '@playwright/test'
import type { Guide, Person } from './house.ts'
import { mailedLink } from './mail.ts'
import { Wire } from './wire.ts'

/** Answers the sign-in form of a workspace, and the agreement if it is owed. Ends in the inbox. */
export async function signIn(page: Page, guide: Guide, who: Pick<Person, 'email' | 'password'>, at = guide.workspace): Promise<void> {
  await page.goto(new URL('/signin', at).href)
  await page.getByLabel('E-mail address').fill(who.email)
  await page.getByLabel('Password', { exact: true }).fill(who.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  const agree = page.getByRole('button', { name: 'I agree to both' })
  const inbox = page.getByRole('navigation', { name: 'Folders' })
  await expect(agree.or(inbox)).toBeVisible()
  if (await agree.isVisible()) await agree.click()
  await expect(inbox).toBeVisible()
}

export function person(guide: Guide, role: 'Administrator' | 'Supervisor' | 'Agent'): Person {
  const found = guide.people.find((p) => p.role === role)
  if (!found) throw new Error(`the guide names no ${role}`)
  return found
}

/** Signs in once a run and role, and gives the session to the context. */
const sessions = new Map<string, Awaited<ReturnType<BrowserContext['cookies']>>>()

export async function enter(page: Page, guide: Guide, role: 'Administrator' | 'Supervisor' | 'Agent', path = '/inbox?view=waiting'): Promise<void> {
  const key = `${guide.workspace} ${role}`
  const kept = sessions.get(key)
  if (kept && await stands(guide, kept)) {
    await page.context().addCookies(kept)
    await page.goto(new URL(path, guide.workspace).href)
    await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible()
    return
  }
  await signIn(page, guide, person(guide, role))
  sessions.set(key, await page.context().cookies(guide.workspace))
  if (path !== '/inbox?view=waiting') await page.goto(new URL(path, guide.workspace).href)
}

/** A test that proves again who somebody is, or ends all sessions, leaves a cookie behind that opens nothing any more. */
async function stands(guide: Guide, kept: readonly { name: string; value: string }[]): Promise<boolean> {
  const wire = new Wire(guide)
  wire.cookie = kept.map((one) => `${one.name}=${one.value}`).join('; ')
  return (await wire.ask('GET', '/api/v1/me')).status === 200
}

/** The widget of a page of the shop, as a visitor finds it. */
export class Widget {
  readonly page: Page
  readonly launch: Locator
  readonly panel: Locator
  readonly box: Locator
  readonly log: Locator

  constructor(page: Page) {
    this.page = page
    this.launch = page.locator('parlatory-chat').getByRole('button', { name: /the chat/ })
    this.panel = page.getByRole('dialog')
    this.box = this.panel.getByRole('textbox', { name: 'Write a message' })
    this.log = this.panel.getByRole('log')
  }

  async open(guide: Guide, path = '/'): Promise<void> {
    await this.page.goto(new URL(path, guide.shop).href)
    await this.launch.click()
    await expect(this.panel).toBeVisible()
  }

  async ask(name: string, question: string): Promise<void> {
    await this.panel.getByLabel('Your name').fill(name)
    await this.panel.getByLabel('Your question').fill(question)
    await this.panel.getByRole('button', { name: 'Agree and send' }).click()
    await expect(this.box).toBeVisible()
    await expect(this.log).toContainText(question)
  }

  async say(text: string): Promise<void> {
    await this.box.fill(text)
    await this.box.press('Enter')
  }
}

/** The row of an enquiry in the console's list. */
export function row(page: Page, question: string): Locator {
  return page.getByRole('region', { name: /^Enquiries/ }).getByRole('link').filter({ hasText: question })
}

/** The console's place to answer. */
export function composer(page: Page): Locator {
  return page.getByRole('textbox', { name: /^Write to / })
}

export function messages(page: Page): Locator {
  return page.getByRole('log', { name: 'Messages' })
}

/** Somebody new: invited by the administrator, joined by the mailed link, signed in in this window. */
export async function hire(page: Page, guide: Guide, email: string, name: string, role = 'Agent'): Promise<Pick<Person, 'email' | 'password'>> {
  const boss = new Wire(guide)
  const { email: bossEmail, password } = person(guide, 'Administrator')
  await boss.signIn(bossEmail, password)
  await boss.do('POST', '/api/v1/staff', { email, role })
  const who = { email, password: 'seven lanterns over quiet water' }
  await page.goto(await mailedLink(page, guide, email, '/invitation'))
  await page.getByLabel('Your name').fill(name)
  await page.getByLabel('Password', { exact: true }).fill(who.password)
  await page.getByRole('button', { name: 'Join' }).click()
  await page.getByRole('button', { name: 'I agree to both' }).click()
  await expect(page.getByRole('navigation', { name: 'Folders' })).toBeVisible()
  return who
}

/** Gives address and password; what is owed then is left to the test. */
export async function begin(page: Page, guide: Guide, who: Pick<Person, 'email' | 'password'>): Promise<void> {
  await page.goto(new URL('/signin', guide.workspace).href)
  await page.getByLabel('E-mail address').fill(who.email)
  await page.getByLabel('Password', { exact: true }).fill(who.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** Leaves by the menu. */
export async function leave(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^My Account/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.waitForURL(/\/signin/)
  await expect(page.getByLabel('E-mail address')).toBeVisible()
}
