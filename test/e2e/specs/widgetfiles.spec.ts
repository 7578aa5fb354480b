import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Page } from '@playwright/test'
import { clean } from '../house/axe.ts'
import { downloaded, png, uploaded, wav } from '../house/files.ts'
import type { Guide } from '../house/house.ts'
import { expect, test } from '../house/own.ts'
import { person, Widget } from '../house/people.ts'
import { Wire } from '../house/wire.ts'

// Files of visitors in the widget. The staff member's side is the API here.

const blue = png(640, 360, [47, 95, 196])
const upload = (name: string, mimeType: string, buffer: Buffer) => ({ name, mimeType, buffer })

async function dana(guide: Guide): Promise<Wire> {
  const wire = new Wire(guide)
  const { email, password } = person(guide, 'Administrator')
  await wire.signIn(email, password)
  return wire
}

async function enquiry(staff: Wire, question: string): Promise<{ id: string; room: string }> {
  const waiting = await staff.do('GET', '/api/v1/enquiries?view=waiting')
  const found = (waiting.json.items as { id: string; room: string; question?: string }[]).find((e) => JSON.stringify(e).includes(question))
  if (!found) throw new Error(`no enquiry asks ${question}`)
  return found
}

const pick = (widget: Widget) => widget.panel.locator('input[type=file]')
const tray = (widget: Widget) => widget.panel.getByRole('list', { name: 'Files of this message' })
const colour = (page: Page, name: string) => page.locator('parlatory-chat').locator(`canvas[aria-label="${name}"]`).last().evaluate((c) => {
  const canvas = c as HTMLCanvasElement
  return [...canvas.getContext('2d')!.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data.slice(0, 3)]
})

async function drop(widget: Widget, name: string, type: string, content: Buffer): Promise<void> {
  const data = await widget.page.evaluateHandle(([n, t, b]) => {
    const d = new DataTransfer()
    d.items.add(new File([Uint8Array.from(atob(b!), (c) => c.charCodeAt(0))], n!, { type: t! }))
    return d
  }, [name, type, content.toString('base64')])
  await widget.panel.dispatchEvent('dragover', { dataTransfer: data })
  await expect(widget.panel.getByText('Drop files here to attach them')).toBeVisible()
  await widget.panel.dispatchEvent('drop', { dataTransfer: data })
}

test('files go both ways, and each side has what the other sent', async ({ page, guide }) => {
  test.setTimeout(120_000)
  const widget = new Widget(page)
  await widget.open(guide)
  const question = `Is this the right lamp? ${crypto.randomUUID()}`
  await widget.ask('Fay File', question)
  const staff = await dana(guide)
  const { id, room } = await enquiry(staff, question)
  const list = Buffer.from('lamp;2\nshade;1\n')

  await test.step('the visitor sends a picture and a document', async () => {
    await pick(widget).setInputFiles([upload('lamp.png', 'image/png', blue), upload('order.csv', 'text/csv', list)])
    await expect(tray(widget).getByRole('listitem')).toHaveCount(2)
    await widget.say('These are mine.') // the files may still be on their way
    await expect(widget.log.getByRole('button', { name: 'Show lamp.png larger' })).toBeVisible()
    await expect(widget.log.getByText('order.csv')).toBeVisible()
    await expect(tray(widget)).toBeHidden()
    await expect(widget.log.getByText('Sent', { exact: true })).toBeVisible()
    const got = await staff.do('GET', `/api/v1/rooms/${room}/messages`)
    const message = (got.json.items as { body: string; files?: { id: string; name: string; kind: string }[] }[]).at(-1)
    expect(message?.body).toBe('These are mine.')
    expect(message?.files?.map((f) => [f.name, f.kind])).toEqual([['lamp.png', 'image'], ['order.csv', 'document']])
    expect(await downloaded(guide, staff, message?.files?.[0]?.id ?? '')).toEqual(blue)
    expect(await downloaded(guide, staff, message?.files?.[1]?.id ?? '')).toEqual(list)
  })

  await test.step('the staff member sends a picture, a document and a voice note', async () => {
    await staff.do('POST', `/api/v1/enquiries/${id}/pickup`, {})
    const files = [
      await uploaded(guide, staff, room, 'workshop.png', 'image/png', png(480, 640, [150, 80, 40])),
      await uploaded(guide, staff, room, 'terms.txt', 'text/plain', Buffer.from('Two years.')),
      await uploaded(guide, staff, room, 'note.wav', 'audio/wav', wav()),
    ]
    await staff.do('POST', `/api/v1/rooms/${room}/messages`, { id: crypto.randomUUID(), body: '', files })
    const picture = widget.log.getByRole('button', { name: 'Show workshop.png larger' })
    await expect(picture).toBeVisible()
    await expect.poll(() => colour(page, 'workshop.png'), 'drawn').toEqual([150, 80, 40])
  })

  await test.step('the large picture by keyboard: Escape closes it alone, and the focus comes back', async () => {
    const picture = widget.log.getByRole('button', { name: 'Show workshop.png larger' })
    await picture.focus()
    await page.keyboard.press('Enter')
    const viewer = page.getByRole('dialog', { name: 'workshop.png' })
    await expect(viewer.getByRole('img', { name: 'workshop.png' })).toBeVisible()
    await expect(viewer.getByRole('button', { name: 'Close' })).toBeFocused()
    await clean(page, 'widget picture')
    await page.keyboard.press('Escape')
    await expect(viewer).toHaveCount(0)
    await expect(widget.panel, 'the chat stays open').toBeVisible()
    await expect(picture).toBeFocused()
  })

  await test.step('a document is kept as it was sent, under its name', async () => {
    const waits = page.waitForEvent('download')
    await widget.log.getByRole('button', { name: 'Download terms.txt' }).click()
    const kept = await waits
    expect(kept.suggestedFilename()).toBe('terms.txt')
    expect(await readFile(await kept.path(), 'utf8')).toBe('Two years.')
  })

  await test.step('a voice note plays', async () => {
    await widget.log.getByRole('button', { name: 'Play note.wav' }).click()
    const sound = page.locator('parlatory-chat').locator('audio')
    await expect(sound).toHaveAttribute('controls', '')
    await expect.poll(() => sound.evaluate((a) => (a as HTMLAudioElement).duration)).toBeCloseTo(1, 1)
    await clean(page, 'widget files')
  })

  await test.step('everything is there on return', async () => {
    await page.reload()
    const picture = widget.log.getByRole('button', { name: 'Show lamp.png larger' })
    await expect(picture).toBeVisible()
    await picture.scrollIntoViewIfNeeded() // it is fetched when it comes into sight
    await expect.poll(() => colour(page, 'lamp.png')).toEqual([47, 95, 196])
  })
})

test('the sample conversation brings a picture and a document that were made by the program', async ({ guide }) => {
  const staff = await dana(guide)
  const all = await staff.do('GET', '/api/v1/enquiries?view=all')
  const priya = (all.json.items as { room: string }[]).find((e) => JSON.stringify(e).includes('oak bench'))
  const got = await staff.do('GET', `/api/v1/rooms/${priya?.room ?? ''}/messages`)
  const files = (got.json.items as { files?: { id: string; kind: string; w?: number }[] }[]).flatMap((m) => m.files ?? [])
  expect(files.map((f) => [f.kind, f.w])).toEqual([['image', 960], ['document', undefined]])
  expect((await downloaded(guide, staff, files[1]?.id ?? '')).toString('latin1')).toMatch(/^%PDF-1\.4[^]*%%EOF\n$/)
})

test('files are dropped and pasted, shown before they go, taken away again, and ten at most', async ({ page, guide }) => {
  const widget = new Widget(page)
  await widget.open(guide)
  await widget.ask('Dora Drop', 'Can you see this?')
  await drop(widget, 'dropped.png', 'image/png', blue)
  await expect(tray(widget).getByText('dropped.png')).toBeVisible()

  await widget.box.evaluate((box, b) => {
    const d = new DataTransfer()
    d.items.add(new File([Uint8Array.from(atob(b), (c) => c.charCodeAt(0))], 'image.png', { type: 'image/png' }))
    box.dispatchEvent(new ClipboardEvent('paste', { clipboardData: d, bubbles: true, cancelable: true }))
  }, blue.toString('base64'))
  await expect(tray(widget).getByRole('listitem')).toHaveCount(2)

  await tray(widget).getByRole('button', { name: 'Remove image.png' }).press('Enter')
  await expect(tray(widget).getByRole('listitem')).toHaveCount(1)
  await expect(widget.panel.getByRole('button', { name: 'Attach files' })).toBeFocused()

  await pick(widget).setInputFiles(Array.from({ length: 11 }, (_, n) => upload(`${String(n)}.txt`, 'text/plain', Buffer.from('x'))))
  await expect(widget.panel.getByRole('alert')).toContainText('2 files were left out')
  await expect(tray(widget).getByRole('listitem')).toHaveCount(10)
  await clean(page, 'widget tray')
  await widget.panel.getByRole('button', { name: 'Send' }).click()
  await expect(widget.log.getByText('8.txt')).toBeVisible()
  await expect(tray(widget)).toBeHidden()
})

test('names of files stay text, and a drawing with a script in it is only offered to be kept', async ({ page, guide }) => {
  const widget = new Widget(page)
  await widget.open(guide)
  const question = `What is it called? ${crypto.randomUUID()}`
  await widget.ask('Nell Name', question)
  const staff = await dana(guide)
  const { id, room } = await enquiry(staff, question)
  await staff.do('POST', `/api/v1/enquiries/${id}/pickup`, {})
  const hostile = ['<img src=x onerror=alert(1)>.txt', '"><svg onload=alert(2)>.txt', 'javascript:alert(3).txt']
  const files = await Promise.all(hostile.map((name) => uploaded(guide, staff, room, name, 'text/plain', Buffer.from('x'))))
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(4)"><script>alert(5)</script></svg>'
  files.push(await uploaded(guide, staff, room, 'logo.svg', 'image/svg+xml', Buffer.from(svg)))
  await staff.do('POST', `/api/v1/rooms/${room}/messages`, { id: crypto.randomUUID(), body: '', files })
  for (const name of hostile) await expect(widget.log.getByText(name, { exact: true })).toBeVisible()
  await expect(widget.log.getByRole('button', { name: 'Download logo.svg' })).toBeVisible()
  await expect(widget.log.locator('img, script, svg[onload], canvas')).toHaveCount(0)
  const waits = page.waitForEvent('download')
  await widget.log.getByRole('button', { name: 'Download logo.svg' }).click()
  expect(await readFile(await (await waits).path(), 'utf8')).toBe(svg)
})

test('an upload that is cut goes on with the parts that are missing', async ({ page, guide, watch }) => {
  watch.allow(/ERR_FAILED|ERR_INTERNET_DISCONNECTED|CORS/)
  const widget = new Widget(page)
  await widget.open(guide)
  const question = `A long film? ${crypto.randomUUID()}`
  await widget.ask('Cara Cut', question)
  const content = Buffer.alloc(9 << 20, 'film of the harbour ')
  const parts: string[] = []
  let cuts = 0
  await page.route(/\/widget\/v1\/files\/[^/]+\/parts\/\d+$/, async (route) => {
    const n = new URL(route.request().url()).pathname.split('/').at(-1) ?? ''
    if (route.request().method() !== 'PUT') return route.continue()
    if (n === '2' && cuts++ === 0) return route.abort('failed')
    parts.push(n)
    return route.continue()
  })
  await pick(widget).setInputFiles(upload('harbour.bin', 'application/octet-stream', content))
  await expect(tray(widget).getByText('Waiting for the connection')).toBeVisible()
  await expect(tray(widget).getByText('9.0 MB', { exact: true }), 'it is all there').toBeVisible({ timeout: 20_000 })
  expect(parts, 'each part once').toEqual(['1', '2', '3'])
  await widget.say('Here it is.')
  await expect(widget.log.getByText('harbour.bin')).toBeVisible()
  const staff = await dana(guide)
  const { room } = await enquiry(staff, question)
  const got = await staff.do('GET', `/api/v1/rooms/${room}/messages`)
  const file = (got.json.items as { files?: { id: string }[] }[]).at(-1)?.files?.[0]?.id ?? ''
  expect((await downloaded(guide, staff, file)).equals(content)).toBe(true)
})

test('what is too large is said before a byte of it goes', async ({ page, guide, watch }) => {
  watch.allow(/status of 413/)
  const folder = await mkdtemp(join(tmpdir(), 'parlatory-large-'))
  try {
    const path = join(folder, 'archive.zip')
    const large = await open(path, 'w')
    await large.truncate(101 << 20)
    await large.close()
    const widget = new Widget(page)
    await widget.open(guide)
    await widget.ask('Lars Large', 'How large may it be?')
    const puts: string[] = []
    page.on('request', (r) => { if (r.method() === 'PUT') puts.push(r.url()) })
    await pick(widget).setInputFiles(path)
    await expect(tray(widget).getByText('Could not be sent. This file is too large. At most 100 MB may be sent.')).toBeVisible()
    await expect(tray(widget).getByRole('button', { name: /Try .* again/ })).toBeHidden()
    expect(puts).toEqual([])
    await widget.say('Then without it.')
    await expect(widget.panel.getByRole('alert').filter({ hasText: 'One file could not be sent' })).toBeVisible()
    await clean(page, 'widget too large')
    await tray(widget).getByRole('button', { name: 'Remove archive.zip' }).click()
    await widget.panel.getByRole('button', { name: 'Send' }).click()
    await expect(widget.log.getByText('Then without it.')).toBeVisible()
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a file in which malware was found is named as such, and is not sent', async ({ page, guide }) => {
  // The demo has no scanner: its answer is played here, first "checking", then what was found.
  const widget = new Widget(page)
  await widget.open(guide)
  await widget.ask('Mia Malware', 'Is it clean?')
  let looked = 0
  await page.route(/\/widget\/v1\/files\/[^/]+(\/complete)?$/, async (route) => {
    if (!['GET', 'POST'].includes(route.request().method())) return route.continue()
    const id = new URL(route.request().url()).pathname.split('/')[4] ?? ''
    const found = looked++ === 0 ? { state: 'checking' } : { state: 'quarantined', reason: 'Malware was found in this file. Nobody can open it.' }
    await route.fulfill({
      headers: { 'access-control-allow-origin': '*' },
      json: { id, kind: 'document', name: 'game.txt', type: 'text/plain', size: 10, part_size: 4 << 20, parts: 1, at: new Date().toISOString(), ...found },
    })
  })
  await pick(widget).setInputFiles(upload('game.txt', 'text/plain', Buffer.from('not a game')))
  await expect(tray(widget).getByText('Being checked for malware')).toBeVisible()
  await expect(tray(widget).getByText('Could not be sent. Malware was found in this file.')).toBeVisible({ timeout: 15_000 })
  await expect(tray(widget).getByRole('button', { name: /Try .* again/ })).toBeHidden()
})
