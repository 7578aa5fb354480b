import { clean } from '../house/axe.ts'
import { composer, enter, messages, row } from '../house/people.ts'
import { expect, flags, test as base, theGuide } from '../house/test.ts'
import { Wire } from '../house/wire.ts'

// A voice note, recorded with the browser's own sample of a microphone.

const test = base.extend({})
test.use({
  launchOptions: [async ({}, use) => {
    await use({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: [...flags(theGuide().spki_pin), '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'] })
  }, { scope: 'worker' }],
})

test('a voice note is recorded, discarded, recorded again, sent and heard', async ({ page, guide }) => {
  const question = 'May I hear how the bell sounds?'
  const begun = await new Wire(guide, '127.0.5.9').begin('Mira Solberg', question)
  if (!('room' in begun)) throw new Error(begun.text)
  await enter(page, guide, 'Administrator')
  await row(page, question).click()
  await page.getByRole('button', { name: 'Pick up to reply' }).click()
  await expect(composer(page)).toBeVisible()
  const record = page.getByRole('button', { name: 'Record a voice note' })
  await record.press('Enter')
  await expect(page.getByText('Recording 0:01')).toBeVisible()
  await clean(page, 'a voice note is recorded')
  await page.getByRole('button', { name: 'Discard the recording' }).press('Enter')
  const files = page.getByRole('list', { name: 'Files for this message' })
  await expect(record).toBeVisible()
  await expect(files).toHaveCount(0)

  await record.press('Enter')
  await expect(page.getByText('Recording 0:02')).toBeVisible()
  await page.getByRole('button', { name: 'Stop and attach' }).press('Enter')
  await expect(files.getByRole('listitem').filter({ hasText: 'Voice note' })).toContainText('Ready')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await messages(page).getByRole('button', { name: 'Play' }).click()
  await expect.poll(() => messages(page).locator('audio').evaluate((e) => (e as HTMLAudioElement).readyState)).toBeGreaterThan(1)
})
