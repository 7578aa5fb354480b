import type { Page } from '@playwright/test'
import { clean } from '../house/axe.ts'
import { enter, person } from '../house/people.ts'
import { png } from '../house/picture.ts'
import { confirmWith, tenMinutesLater } from '../house/stepup.ts'
import { expect, test } from '../house/test.ts'
import { Wire } from '../house/wire.ts'

// Administration > Storage.

/** Sends a file as a program does, with the session of the page. It is not sent with a message. */
function upload(page: Page, room: string, name: string, type: string, bytes: Buffer): Promise<string> {
  return page.evaluate(async ({ room, name, type, text }) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
    const ask = async (method: string, path: string, body: BodyInit, kind = 'application/json') => {
      const got = await fetch(path, { method, body, headers: { 'Content-Type': kind } })
      if (!got.ok) throw new Error(`${path}: ${String(got.status)} ${await got.text()}`)
      return got.status === 204 ? {} : (await got.json()) as { id?: string; state?: string }
    }
    const { id } = await ask('POST', `/api/v1/rooms/${room}/files`, JSON.stringify({ id: crypto.randomUUID(), name, type, size: bytes.length }))
    await ask('PUT', `/api/v1/files/${id ?? ''}/parts/1`, bytes, 'application/octet-stream')
    return (await ask('POST', `/api/v1/files/${id ?? ''}/complete`, '{}')).state ?? ''
  }, { room, name, type, text: bytes.toString('base64') })
}

const quarantined = {
  id: '018f0000-0000-7000-8000-00000000000a', room: '018f0000-0000-7000-8000-00000000000b', state: 'quarantined', kind: 'other', name: 'winner.scr', type: 'application/octet-stream',
  size: 68, owner: { kind: 'visitor', id: '018f0000-0000-7000-8000-00000000000c', name: 'Max Weber' }, found: 'Eicar-Test-Signature', sent: false, at: '2026-11-28T09:00:00Z',
}

test('what the files take, the limits, and each file with its filters', async ({ page, guide, watch }) => {
  watch.allow(/status of 403/)
  const begun = await new Wire(guide, '127.0.6.1').begin('Ida Lund', 'Which shelf is this?')
  if (!('room' in begun)) throw new Error(begun.text)
  await enter(page, guide, 'Administrator')
  const boss = new Wire(guide)
  boss.cookie = (await page.context().cookies(guide.workspace)).map((one) => `${one.name}=${one.value}`).join('; ')
  await boss.do('POST', `/api/v1/enquiries/${begun.enquiry}/pickup`, {})
  expect(await upload(page, begun.room, 'shelf-drawing.png', 'image/png', png(200, 150))).toBe('ready')
  expect(await upload(page, begun.room, 'shelf-measures.txt', 'text/plain', Buffer.from('80 by 30 by 2 cm'))).toBe('ready')
  await page.goto(new URL('/admin/storage', guide.workspace).href)

  const table = page.getByRole('table', { name: 'Files' })
  const row = (name: string) => table.getByRole('row').filter({ hasText: name })
  await expect(row('shelf-drawing.png')).toContainText('Dana Okafor')
  await expect(row('shelf-drawing.png')).toContainText('image/png')
  await expect(row('shelf-drawing.png')).toContainText('Not sent yet')
  await expect(page.getByRole('region', { name: /^In use/ })).toContainText('Pictures')
  await clean(page, 'storage')

  await test.step('filters', async () => {
    await page.getByLabel('Kind', { exact: true }).selectOption({ label: 'Documents' })
    await expect(row('shelf-drawing.png')).toHaveCount(0)
    await expect(row('shelf-measures.txt')).toBeVisible()
    await page.getByLabel('State', { exact: true }).selectOption({ label: 'Quarantined' })
    await expect(page.getByText('No file matches these filters')).toBeVisible()
    await page.getByRole('button', { name: 'Clear the filters' }).press('Enter')
    await expect(page.getByLabel('State', { exact: true })).toBeFocused()
    await expect(row('shelf-drawing.png')).toBeVisible()
  })
  await test.step('limits, after a step-up; the composer knows them at once', async () => {
    await page.getByRole('button', { name: 'Change: Limits' }).click()
    const dialog = page.getByRole('dialog', { name: 'Limits' })
    await dialog.getByLabel('One file at most, in MB').fill('99999')
    await dialog.getByLabel('All files together, in MB').fill('3')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog.getByText(/^Please write a number from 1 to /)).toBeVisible()
    await expect(dialog.getByText('Please write 0, or at least what one file may have.')).toBeVisible()
    await clean(page, 'limits of storage')
    await dialog.getByLabel('One file at most, in MB').fill('50')
    await dialog.getByLabel('All files together, in MB').fill('500')
    await tenMinutesLater(page, '/api/v1/storage/limit')
    await dialog.getByRole('button', { name: 'Save' }).press('Enter')
    await confirmWith(page, person(guide, 'Administrator').password)
    await expect(page.getByText('The limits are saved.')).toBeVisible()
    const limits = page.getByRole('region', { name: /^Limits/ })
    await expect(limits).toContainText('At most 50 MB')
    await expect(limits).toContainText('At most 500 MB')
    boss.cookie = (await page.context().cookies(guide.workspace)).map((one) => `${one.name}=${one.value}`).join('; ')
    expect((await boss.do('GET', '/api/v1/me')).json.max_file_bytes).toBe(50 << 20)
    await boss.do('PUT', '/api/v1/storage/limit', { max_file_bytes: 100 << 20 })
  })
})

test('what is in quarantine stands out, and can be deleted', async ({ page, guide }) => {
  await enter(page, guide, 'Administrator')
  const boss = new Wire(guide)
  boss.cookie = (await page.context().cookies(guide.workspace)).map((one) => `${one.name}=${one.value}`).join('; ')
  const storage = (await boss.do('GET', '/api/v1/storage')).json as object
  let there = true
  await page.route((url) => url.pathname === '/api/v1/storage', (route) => route.fulfill({ json: { ...storage, quarantined: there ? 1 : 0, scanner: true } }))
  await page.route((url) => url.pathname === '/api/v1/storage/files', (route) => route.fulfill({ json: { items: there ? [quarantined] : [] } }))
  await page.route((url) => url.pathname === `/api/v1/storage/files/${quarantined.id}`, (route) => { there = false; return route.fulfill({ status: 204 }) })
  await page.goto(new URL('/admin/storage', guide.workspace).href)
  await expect(page.getByRole('alert')).toContainText('One file is in quarantine')
  await page.getByRole('button', { name: 'Show it' }).click()
  await expect(page.getByLabel('State', { exact: true })).toHaveValue('quarantined')
  await expect(page.getByRole('table', { name: 'Files' })).toContainText('Found: Eicar-Test-Signature')
  await clean(page, 'a file in quarantine')
  await page.getByRole('button', { name: 'Delete winner.scr' }).press('Enter')
  await page.getByRole('dialog', { name: 'Delete winner.scr?' }).getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByText('winner.scr is deleted.')).toBeVisible()
  await expect(page.getByText('No file matches these filters')).toBeVisible()
  await expect(page.getByRole('alert')).toHaveCount(0)
})
