import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { clean } from '../house/axe.ts'
import type { Guide } from '../house/house.ts'
import { composer, enter, messages, row } from '../house/people.ts'
import { png, wav } from '../house/picture.ts'
import { expect, test } from '../house/test.ts'
import { Wire } from '../house/wire.ts'

// Files in conversations, as staff send and see them.

const tray = (page: Page) => page.getByRole('list', { name: 'Files for this message' })
const send = (page: Page) => page.getByRole('button', { name: 'Send', exact: true })
const input = (page: Page) => page.locator('form input[type=file]')

/** A fresh conversation that the administrator holds. */
async function talk(page: Page, guide: Guide, question: string, from: string): Promise<void> {
  const begun = await new Wire(guide, from).begin('Mira Solberg', question)
  if (!('room' in begun)) throw new Error(begun.text)
  await enter(page, guide, 'Administrator')
  await row(page, question).click()
  await page.getByRole('button', { name: 'Pick up to reply' }).click()
  await expect(composer(page)).toBeVisible()
}

/** What a browser hands to a page at a drop or a paste. */
function handed(page: Page, files: readonly { name: string; type: string; bytes: Buffer }[]) {
  return page.evaluateHandle((all) => {
    const data = new DataTransfer()
    for (const { name, type, text } of all) data.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name, { type }))
    return data
  }, files.map(({ name, type, bytes }) => ({ name, type, text: bytes.toString('base64') })))
}

test('files are dropped, pasted and chosen, go out with a message, and are seen, heard and kept', async ({ page, guide }) => {
  await talk(page, guide, 'Which blue is the harbour blue?', '127.0.5.1')
  const letter = Buffer.from('The harbour blue is RAL 5009.\n')

  await test.step('a picture is dropped onto the conversation', async () => {
    const data = await handed(page, [{ name: 'harbour.png', type: 'image/png', bytes: png() }])
    await messages(page).dispatchEvent('dragenter', { dataTransfer: data })
    await expect(page.getByText('Drop the files here to attach them')).toBeVisible()
    await messages(page).dispatchEvent('drop', { dataTransfer: data })
    await expect(page.getByText('Drop the files here to attach them')).toBeHidden()
    await expect(tray(page).getByRole('listitem').filter({ hasText: 'harbour.png' })).toContainText('Ready')
    await expect(composer(page)).toBeFocused()
  })
  await test.step('another one is pasted; a text with its picture stays a text', async () => {
    await composer(page).evaluate((field, data) => field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })), await handed(page, [{ name: 'image.png', type: 'image/png', bytes: png(300, 500) }]))
    await expect(tray(page).getByRole('listitem').filter({ hasText: 'Pasted picture.png' })).toContainText('Ready')
  })
  await test.step('two more are chosen, at once', async () => {
    await input(page).setInputFiles([{ name: 'colours.txt', mimeType: 'text/plain', buffer: letter }, { name: 'greeting.wav', mimeType: 'audio/wav', buffer: wav() }])
    await expect(tray(page).getByText(/^Ready/)).toHaveCount(4)
    await clean(page, 'files in the composer')
  })
  await test.step('they go out together, without a word', async () => {
    await send(page).click()
    await expect(tray(page)).toHaveCount(0)
    await expect(messages(page).getByRole('img', { name: 'harbour.png' })).toBeVisible()
    await expect(messages(page).getByRole('img', { name: 'Pasted picture.png' })).toBeVisible()
    await expect(messages(page).getByText('colours.txt')).toBeVisible()
    await expect(messages(page).getByText('Sent', { exact: true })).toBeVisible()
    await expect.poll(() => messages(page).getByRole('img', { name: 'harbour.png' }).evaluate((e) => (e as HTMLImageElement).naturalWidth)).toBeGreaterThan(100)
  })
  await test.step('a picture opens large, by keyboard; the arrow keys go on and Escape returns', async () => {
    const small = messages(page).getByRole('button', { name: 'harbour.png' })
    await small.focus()
    await page.keyboard.press('Enter')
    const light = page.getByRole('dialog', { name: 'harbour.png' })
    await expect(light.getByRole('img', { name: 'harbour.png' })).toBeVisible()
    await clean(page, 'the lightbox')
    await page.keyboard.press('ArrowRight')
    await expect(page.getByRole('dialog', { name: 'Pasted picture.png' }).getByRole('img', { name: 'Pasted picture.png' })).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await expect(small).toBeFocused()
  })
  await test.step('a document is kept as it was sent', async () => {
    const kept = page.waitForEvent('download')
    await messages(page).getByRole('button', { name: 'Download colours.txt' }).click()
    const file = await kept
    expect(file.suggestedFilename()).toBe('colours.txt')
    expect(await readFile(await file.path())).toEqual(letter)
  })
  await test.step('a sound plays', async () => {
    await messages(page).getByRole('button', { name: 'Play' }).click()
    const player = messages(page).locator('audio')
    await expect(player).toBeFocused()
    await expect.poll(() => player.evaluate((e) => (e as HTMLAudioElement).duration)).toBeCloseTo(1, 1)
    await clean(page, 'files in a conversation')
  })
  await test.step('all of it is there after a reload, and the ledger has the download', async () => {
    await page.reload()
    await expect(messages(page).getByRole('img', { name: 'harbour.png' })).toBeVisible()
    const boss = new Wire(guide)
    boss.cookie = (await page.context().cookies(guide.workspace)).map((one) => `${one.name}=${one.value}`).join('; ')
    await expect.poll(async () => (await boss.do('GET', '/api/v1/audit?limit=20')).text).toContain('colours.txt')
  })
})

test('an upload that is cut goes on with the parts that are missing', async ({ page, guide, watch }) => {
  watch.allow(/ERR_FAILED|ERR_INTERNET|Failed to load resource/)
  await talk(page, guide, 'Can I see the assembly plan?', '127.0.5.2')
  const plan = Buffer.alloc((9 << 20) + 17, 'assembly plan, page after page. ')
  const sent: string[] = []
  let cut = 2
  await page.route(/\/api\/v1\/files\/[^/]+\/parts\/\d$/, async (route) => {
    const n = route.request().url().split('/').pop() ?? ''
    sent.push(n)
    if (n === '2' && cut-- > 0) await route.abort('failed')
    else await route.continue()
  })
  await input(page).setInputFiles({ name: 'plan.bin', mimeType: 'application/octet-stream', buffer: plan })
  await expect(tray(page).getByRole('progressbar', { name: 'Sending plan.bin' })).toBeVisible()
  await expect(send(page)).toBeDisabled()
  await expect(page.getByText('Send works when all files are ready.')).toBeVisible()
  await expect(tray(page)).toContainText('Ready', { timeout: 20_000 })
  expect(sent, 'the first part went once').toEqual(['1', '2', '2', '2', '3'])
  await composer(page).fill('Here it is.')
  await composer(page).press('Control+Enter')
  await expect(messages(page)).toContainText('plan.bin')
  const kept = page.waitForEvent('download')
  await messages(page).getByRole('button', { name: 'Download plan.bin' }).click()
  const got = await readFile(await (await kept).path())
  expect(createHash('sha256').update(got).digest('hex')).toBe(createHash('sha256').update(plan).digest('hex'))
})

test('an upload that keeps failing says so, and goes on when one says so; one can give it up too', async ({ page, guide, watch }) => {
  test.setTimeout(90_000)
  watch.allow(/Failed to load resource/)
  await talk(page, guide, 'Is there a spare key?', '127.0.5.3')
  await page.route(/\/parts\/\d$/, (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ type: '/problems/unavailable', title: 'Service Unavailable', status: 503, detail: 'The store of files is away.' }) }))
  await input(page).setInputFiles({ name: 'key.txt', mimeType: 'text/plain', buffer: Buffer.from('a spare key') })
  await expect(tray(page)).toContainText('Stopped. The store of files is away.', { timeout: 30_000 })
  await page.unroute(/\/parts\/\d$/)
  await tray(page).getByRole('button', { name: 'Go on with key.txt' }).press('Enter')
  await expect(tray(page)).toContainText('Ready')
  const dropped = page.waitForRequest((r) => r.method() === 'DELETE' && r.url().includes('/api/v1/files/'))
  await tray(page).getByRole('button', { name: 'Remove key.txt' }).press('Enter')
  await dropped
  await expect(tray(page)).toHaveCount(0)
})

test('what cannot be sent is told in plain words: too large, disguised, too many, with malware', async ({ page, guide }) => {
  await page.route('**/api/v1/me', async (route) => {
    const own = new Wire(guide)
    own.cookie = (await page.context().cookies(guide.workspace)).map((one) => `${one.name}=${one.value}`).join('; ')
    await route.fulfill({ json: { ...(await own.do('GET', '/api/v1/me')).json, max_file_bytes: 2 << 20 } })
  })
  await talk(page, guide, 'How do I send you my photos?', '127.0.5.4')
  const begun: string[] = []
  page.on('request', (r) => { if (r.method() === 'POST' && /\/rooms\/[^/]+\/files$/.test(r.url())) begun.push(r.url()) })
  await test.step('too large, before a byte is sent', async () => {
    await input(page).setInputFiles({ name: 'film.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(3 << 20) })
    await expect(tray(page)).toContainText('This file is too large. At most 2 MB can be sent.')
    expect(begun).toEqual([])
    await expect(page.getByText('Remove the files that can’t be sent.')).toBeVisible()
    await tray(page).getByRole('button', { name: 'Remove film.mp4' }).click()
  })
  await test.step('not what its name says', async () => {
    await input(page).setInputFiles({ name: 'photo.png', mimeType: 'image/png', buffer: Buffer.concat([Buffer.from('MZ\x90\x00\x03', 'latin1'), Buffer.alloc(400)]) })
    await expect(tray(page)).toContainText('This file is not what its name says it is.')
    await expect(send(page)).toBeDisabled()
    await tray(page).getByRole('button', { name: 'Remove photo.png' }).click()
  })
  await test.step('being checked, and then locked away', async () => {
    const stands = (state: string) => ({ id: '018f0000-0000-7000-8000-000000000001', room: '018f0000-0000-7000-8000-000000000002', state, kind: 'other', name: 'game.bin', type: 'application/octet-stream', size: 4, part_size: 4 << 20, parts: 1, at: '2026-11-28T10:00:00Z' })
    let state = 'checking'
    await page.route(/\/api\/v1\/files\/[^/]+(\/complete)?$/, (route) => route.fulfill({ json: stands(state) }))
    await input(page).setInputFiles({ name: 'game.bin', mimeType: 'application/octet-stream', buffer: Buffer.from('play') })
    await expect(tray(page)).toContainText('Being checked.')
    state = 'quarantined'
    await expect(tray(page)).toContainText('Malware was found in this file. It is locked away')
    await clean(page, 'a file with malware')
    await tray(page).getByRole('button', { name: 'Remove game.bin' }).click()
    await page.unroute(/\/api\/v1\/files\/[^/]+(\/complete)?$/)
  })
  await test.step('more than ten', async () => {
    await input(page).setInputFiles(Array.from({ length: 12 }, (_, i) => ({ name: `note ${String(i)}.txt`, mimeType: 'text/plain', buffer: Buffer.from(`note ${String(i)}`) })))
    await expect(page.getByText('A message can have 10 files. 2 were left out; send them with the next message.')).toBeVisible()
    await expect(tray(page).getByText(/^Ready/)).toHaveCount(10)
    await send(page).click()
    await expect(messages(page).getByText('note 9.txt')).toBeVisible()
  })
})
