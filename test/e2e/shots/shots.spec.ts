import { schemes, sizes, whole } from '../house/axe.ts'
import { mailed, scan } from '../house/factor.ts'
import { mailedLink } from '../house/mail.ts'
import { composer, enter, hire, row, Widget } from '../house/people.ts'
import { test } from '../house/test.ts'
import { consolePages, doors, type Stop, visitorPages } from '../house/tour.ts'
import type { Page } from '@playwright/test'

async function shoot(page: Page, name: string): Promise<void> {
  for (const scheme of schemes) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
    for (const size of sizes) {
      await page.setViewportSize(size)
      await page.waitForTimeout(300)
      await whole(page, size, `results/shots/${name}-${String(size.width)}-${scheme}.png`)
    }
  }
  await page.setViewportSize(sizes[0])
}

const later: Stop[] = [
  {
    name: 'signup-complete',
    go: async (page, guide) => {
      await page.goto(new URL('/signup', guide.sign_up).href)
      await page.getByLabel('Company').fill('Tide & Sons')
      await page.getByLabel('E-mail address').fill('shots@tide.example')
      await page.getByRole('checkbox', { name: /I agree to the/ }).check()
      await page.getByRole('button', { name: 'Send me the link' }).click()
      await page.getByRole('heading', { name: 'Look into your mailbox' }).waitFor()
      await shoot(page, 'signup-sent')
      await page.goto(await mailedLink(page, guide, 'shots@tide.example', '/signup/complete'))
      await page.getByLabel('Your name').waitFor()
    },
  },
  {
    name: 'agreement',
    go: async (page, guide) => {
      await enter(page, guide, 'Administrator', '/admin/staff')
      await page.getByRole('button', { name: 'Invite' }).click()
      await page.getByRole('dialog').getByLabel('E-mail address').fill('shots@acme.example')
      await page.getByRole('button', { name: 'Send the invitation' }).click()
      const link = await mailedLink(page, guide, 'shots@acme.example', '/invitation')
      await page.context().clearCookies()
      await page.goto(link)
      await page.getByLabel('Your name').fill('Shot Taker')
      await page.getByLabel('Password', { exact: true }).fill('seven lanterns over quiet water')
      await shoot(page, 'invitation')
      await page.getByRole('button', { name: 'Join' }).click()
      await page.getByRole('button', { name: 'I agree to both' }).waitFor()
    },
  },
]

for (const stop of [...doors, ...consolePages, ...visitorPages, ...later]) {
  test(`shot: ${stop.name}`, async ({ page, guide, watch }) => {
    watch.allow(/status of/)
    await page.emulateMedia({ reducedMotion: 'reduce' })
    await stop.go(page, guide)
    await shoot(page, stop.name)
  })
}

test('shot: a second factor on its way out', async ({ page, guide, someone }) => {
  const who = await hire(page, guide, 'shot-factor@acme.example', 'Shot Factor')
  await page.goto(new URL('/me#factors', guide.workspace).href)
  await page.getByRole('button', { name: 'Add an authenticator app' }).click()
  await mailed(page, await someone(), guide, who.email)
  await scan(page)
  await page.getByRole('button', { name: /^Remove / }).click()
  await page.getByRole('button', { name: 'Remove in 24 hours' }).waitFor()
  await shoot(page, 'factor-remove')
  await page.getByRole('button', { name: 'Remove in 24 hours' }).click()
  await page.getByRole('button', { name: /^Keep it/ }).waitFor()
  await shoot(page, 'factor-goes')
})

test('shot: a conversation from both sides, unread and closed', async ({ page, guide, someone }) => {
  const widget = new Widget(await someone())
  await widget.open(guide)
  await widget.ask('Noor Haddad', 'Does the tide shelf hold 40 kilograms?\nMine is for books, and they are heavy ones.')
  await enter(page, guide, 'Administrator')
  await row(page, 'tide shelf').click()
  await page.getByRole('button', { name: 'Pick up to reply' }).click()
  await composer(page).fill('It does, each board, if the rope is tied as the drawing on https://shop.localhost/delivery shows.')
  await composer(page).press('Control+Enter')
  await widget.say('Thank you. And would a verylongwordwithoutanyblankinitthatdoesnotfitintoabubbleatall be broken?')
  await widget.box.pressSequentially('And ')
  await composer(page).fill('I am')
  await page.getByText('is typing').waitFor()
  await shoot(page, 'conversation-live')
  await shoot(widget.page, 'widget-conversation')
  await widget.panel.getByRole('button', { name: 'All conversations' }).click()
  await shoot(widget.page, 'widget-list')
  await widget.page.keyboard.press('Escape')
  await composer(page).press('Control+Enter')
  await widget.launch.and(widget.page.getByRole('button', { name: /unread/ })).waitFor()
  await shoot(widget.page, 'widget-unread')
  await page.getByRole('button', { name: 'Close', exact: true }).click()
  await widget.launch.click()
  await shoot(widget.page, 'widget-closed')
})
