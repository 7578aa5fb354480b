import { expect, type Page } from '@playwright/test'
import type { Guide } from './house.ts'
import { enter, messages, row, Widget } from './people.ts'

/** A page as somebody may see it, and how to get there. */
export interface Stop {
  name: string
  go: (page: Page, guide: Guide) => Promise<void>
}

const door = (name: string, base: 'sign_up' | 'workspace', path: string, heading: RegExp): Stop => ({
  name,
  go: async (page, guide) => {
    await page.goto(new URL(path, guide[base]).href)
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible()
  },
})

/** Pages that anybody can see. */
export const doors: readonly Stop[] = [
  door('landing', 'sign_up', '/', /guarded room/),
  door('signup', 'sign_up', '/signup', /Sign up/),
  {
    name: 'signup-errors',
    go: async (page, guide) => {
      await page.goto(new URL('/signup', guide.sign_up).href)
      await page.getByRole('button', { name: 'Send me the link' }).click()
      await expect(page.getByText('Please write the name of your company.')).toBeVisible()
    },
  },
  door('signin-elsewhere', 'sign_up', '/signin', /Sign in/),
  door('signin', 'workspace', '/signin', /Sign in/),
  door('forgot', 'workspace', '/forgot', /Forgotten/),
  door('dead-link', 'workspace', '/reset', /not complete/),
  door('policy-security', 'sign_up', '/policies/security', /Security/i),
  door('policy-privacy', 'workspace', '/policies/privacy', /Privacy/i),
]

const at = (name: string, path: string, heading: RegExp): Stop => ({
  name,
  go: async (page, guide) => {
    await enter(page, guide, 'Administrator', path)
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeAttached()
    await page.waitForLoadState('networkidle')
  },
})

async function conversation(page: Page, guide: Guide, view: string, question: string): Promise<void> {
  await enter(page, guide, 'Administrator', `/inbox?view=${view}`)
  await row(page, question).click()
  await expect(messages(page)).toContainText(question.slice(0, 20))
}

/** Pages of the console. */
export const consolePages: readonly Stop[] = [
  at('inbox', '/inbox?view=waiting', /^Inbox/),
  at('inbox-all', '/inbox?view=all', /^Inbox/),
  { name: 'conversation-waiting', go: (page, guide) => conversation(page, guide, 'waiting', 'My parcel says delivered') },
  { name: 'conversation-mine', go: (page, guide) => conversation(page, guide, 'mine', 'Invoice 2026-0417') },
  { name: 'conversation-closed', go: (page, guide) => conversation(page, guide, 'closed', 'Do you deliver to Gotland') },
  at('staff', '/admin/staff', /Staff/),
  {
    name: 'staff-invite',
    go: async (page, guide) => {
      await enter(page, guide, 'Administrator', '/admin/staff')
      await page.getByRole('button', { name: 'Invite' }).click()
      await expect(page.getByRole('dialog').getByRole('radio', { name: 'Agent' })).toBeVisible()
    },
  },
  at('sites', '/admin/sites', /Sites/),
  at('workspace', '/admin/workspace', /Workspace/),
  at('storage', '/admin/storage', /Storage/),
  at('encryption', '/admin/encryption', /Encryption/),
  at('checklist', '/admin/checklist', /Security checklist/),
  at('security', '/admin/security', /Service Authentication/),
  at('staff-list', '/admin/security/staff-list', /Staff IP login list/),
  at('visitor-list', '/admin/security/visitor-list', /Visitor IP list/),
  at('audit', '/admin/audit', /Audit/),
  at('erasure', '/admin/erasure', /Erasure/),
  at('me', '/me', /My Account/),
  at('not-found', '/nowhere/at/all', /nothing here/i),
  {
    name: 'palette',
    go: async (page, guide) => {
      await enter(page, guide, 'Administrator')
      await page.keyboard.press('Control+k')
      await expect(page.getByRole('combobox')).toBeFocused()
    },
  },
  {
    name: 'help',
    go: async (page, guide) => {
      await enter(page, guide, 'Administrator')
      await page.keyboard.press('?')
      await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
    },
  },
]

/** The visitor's side, and the page that shows mail. */
export const visitorPages: readonly Stop[] = [
  { name: 'shop', go: async (page, guide) => { await page.goto(guide.shop); await expect(new Widget(page).launch).toBeVisible() } },
  { name: 'shop-delivery', go: async (page, guide) => { await page.goto(new URL('/delivery', guide.shop).href); await expect(new Widget(page).launch).toBeVisible() } },
  { name: 'widget-form', go: async (page, guide) => { await new Widget(page).open(guide); await expect(page.getByLabel('Your question')).toBeVisible() } },
  {
    name: 'widget-form-errors',
    go: async (page, guide) => {
      await new Widget(page).open(guide)
      await page.getByRole('button', { name: 'Agree and send' }).click()
      await expect(page.getByText('Please write your question.')).toBeVisible()
    },
  },
  {
    name: 'widget-privacy',
    go: async (page, guide) => {
      await new Widget(page).open(guide)
      await page.getByText('Read the privacy notice').click()
    },
  },
  { name: 'mail', go: async (page, guide) => { await page.goto(guide.mail) } },
]
