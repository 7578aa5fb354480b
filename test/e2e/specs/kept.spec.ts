import type { Page, Route } from '@playwright/test'
import { clean } from '../house/axe.ts'
import { expect, test } from '../house/own.ts'
import { Widget } from '../house/people.ts'
import { Wire } from '../house/wire.ts'

// What a visitor sees while the workspace's keys are out of reach. The key server is not here: its absence is played by
// giving the answers that the server gives then (docs/encryption.md), and the real ones again afterwards.

const sentence = 'This chat can\'t be opened at the moment. Nothing is lost; please try again in a few minutes.'
const received = 'Received. It can be read here once the service is fully back.'

/** The keys go. What is posted meanwhile is in the list that comes back, with the ids that the widget gave. */
async function away(page: Page): Promise<{ kept: { id: string; body: string; room: string; token: string }[]; back: () => Promise<void> }> {
  const kept: { id: string; body: string; room: string; token: string }[] = []
  const play = async (route: Route) => {
    const asked = route.request()
    const headers = { 'access-control-allow-origin': '*' }
    const room = /\/rooms\/([^/]+)\/messages$/.exec(new URL(asked.url()).pathname)?.[1]
    if (asked.method() === 'POST' && room) {
      const { id, body } = asked.postDataJSON() as { id: string; body: string }
      if (!kept.some((k) => k.id === id)) kept.push({ id, body, room, token: (await asked.headerValue('authorization')) ?? '' })
      return route.fulfill({ status: 201, headers, json: { seq: 0, at: new Date().toISOString(), kept: true } })
    }
    return route.fulfill({ status: 503, headers, contentType: 'application/problem+json', body: JSON.stringify({ type: '/problems/unavailable', title: 'Unavailable', status: 503, detail: sentence }) })
  }
  await page.route(/\/widget\/v1\/(config|enquiries|rooms|files)/, play)
  return { kept, back: () => page.unroute(/\/widget\/v1\/(config|enquiries|rooms|files)/, play) }
}

test('what is written while the keys are away shows as received, and takes its place once they are back', async ({ page, guide, watch }) => {
  test.setTimeout(120_000)
  watch.allow(/status of 503|WebSocket/)
  let refused = false
  await page.routeWebSocket(/\/widget\/v1\/live/, async (ws) => {
    if (refused) return ws.close({ code: 4002, reason: 'too many sockets, try later' })
    const server = ws.connectToServer()
    cut = () => ws.close({ code: 4002, reason: 'too many sockets, try later' }).then(() => server.close())
  })
  let cut: () => Promise<void> = () => Promise.resolve()
  const widget = new Widget(page)
  await widget.open(guide)
  await widget.ask('Kea Kept', 'Are you there?')

  refused = true
  const { kept, back } = await away(page)
  await cut()
  await test.step('a post goes by HTTP at once, and stays in view', async () => {
    await widget.say('I can wait.')
    await expect(widget.log.getByText(received)).toBeVisible({ timeout: 5_000 })
    await widget.say('Until tomorrow.')
    await expect(widget.log.getByText(received)).toHaveCount(2)
    await expect(widget.panel.getByText(sentence)).toBeVisible()
    expect(kept.map((k) => k.body)).toEqual(['I can wait.', 'Until tomorrow.'])
    await clean(page, 'widget kept')
  })
  await test.step('the next page shows it too, with a calm notice, and takes more', async () => {
    await page.goto(new URL('/delivery', guide.shop).href)
    await expect(widget.log.getByText('I can wait.')).toBeVisible({ timeout: 15_000 })
    await expect(widget.panel.getByText(sentence)).toBeVisible()
    await expect(widget.panel.getByRole('alert').filter({ hasText: /\S/ })).toHaveCount(0)
    await widget.say('From the next page.')
    await expect(widget.log.getByText(received)).toHaveCount(3)
    await clean(page, 'widget kept after reload')
  })
  await test.step('back: the real ones take their places, once each', async () => {
    const wire = new Wire(guide)
    for (const k of kept) {
      await wire.do('POST', `/widget/v1/rooms/${k.room}/messages`, { id: k.id, body: k.body }, { origin: new URL(guide.shop).origin, authorization: k.token })
    }
    await back()
    refused = false
    await expect(widget.log.getByText(received)).toHaveCount(0, { timeout: 30_000 })
    for (const text of ['Are you there?', 'I can wait.', 'Until tomorrow.', 'From the next page.']) await expect(widget.log.getByText(text, { exact: true })).toHaveCount(1)
    expect(await widget.log.locator('.bubble').allInnerTexts()).toEqual(['Are you there?', 'I can wait.', 'Until tomorrow.', 'From the next page.'])
    await expect(widget.panel.getByText(sentence)).toHaveCount(0)
  })
})

test('a new conversation can\'t begin meanwhile, and the form says so and keeps the words', async ({ page, guide, watch }) => {
  test.setTimeout(90_000)
  watch.allow(/status of 503|WebSocket/)
  const widget = new Widget(page)
  await widget.open(guide)
  await widget.panel.getByLabel('Your name').fill('Nia New')
  await widget.panel.getByLabel('Your question').fill('May I begin?')
  const { back } = await away(page)
  await widget.panel.getByRole('button', { name: 'Agree and send' }).click()
  await expect(widget.panel.getByRole('alert')).toContainText('New conversations can’t begin right now.')
  await expect(widget.panel.getByLabel('Your question')).toHaveValue('May I begin?')
  await clean(page, 'widget form away')
  await page.reload()
  await expect(widget.panel, 'it was open, so it is open again').toBeVisible()
  await expect(widget.panel.getByText(sentence)).toBeVisible()
  await back()
  await expect(widget.panel.getByLabel('Your name'), 'by itself').toBeVisible({ timeout: 20_000 })
})
