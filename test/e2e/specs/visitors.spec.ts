import { House } from '../house/house.ts'
import { enter, messages, person, row, Widget } from '../house/people.ts'
import { expect, test } from '../house/test.ts'
import { Wire } from '../house/wire.ts'

test('a visitor who is blocked reads a neutral line, keeps what was typed, and is heard again when the list lets them', async ({ page, guide, someone, watch }) => {
  test.setTimeout(120_000)
  watch.allow(/status of 409|WebSocket/)
  const house = await House.start(guide.authority)
  try {
    const here = house.guide
    const boss = new Wire(here)
    const dana = person(here, 'Administrator')
    await boss.signIn(dana.email, dana.password)
    await boss.do('PUT', '/api/v1/security/visitor-list/mode', { mode: 'block', was: 'off' })

    const question = 'Buy my pills, all of them?'
    const visitor = new Widget(await someone())
    await visitor.open(here)
    await visitor.ask('Paul Pills', question)
    await enter(page, here, 'Administrator')
    await row(page, question).click()
    await expect(messages(page)).toContainText(question)

    await test.step('the staff block the visitor', async () => {
      // By the list itself, so that the closing is the server's own; the button of the conversation has a step of its own below.
      await boss.do('POST', '/api/v1/security/visitor-list/entries', { list: 'block', network: '127.0.0.1', remark: 'Spam' })
      await expect(messages(page)).toContainText('Closed by itself: the visitor’s address is refused', { timeout: 10_000 })
    })
    const asked: string[] = []
    visitor.page.on('request', (r) => { if (r.url().includes('/widget/v1/')) asked.push(r.url()) })
    await test.step('who reads the neutral line, and nothing of a list', async () => {
      await expect(visitor.panel).toContainText('The chat is not available right now.', { timeout: 15_000 })
      await expect(visitor.panel).not.toContainText(/block|list|address/i)
      await visitor.page.screenshot({ path: test.info().outputPath('barred.png') })
    })
    await test.step('what was typed stays', async () => {
      await visitor.say('At half the price!')
      await expect(visitor.panel).toContainText('At half the price!')
      await expect(visitor.panel).toContainText(/Not sent|Waiting for the connection/)
    })
    await test.step('there is no storm of tries', async () => {
      await visitor.page.waitForTimeout(12_000)
      expect(asked.length, asked.join('\n')).toBeLessThan(8)
    })
    await test.step('somebody new reads it, too', async () => {
      const fresh = new Widget(await someone())
      await fresh.open(here)
      await expect(fresh.panel.getByRole('alert')).toHaveText('The chat is not available right now.')
    })
    await test.step('the page of the lists shows line and count', async () => {
      await page.goto(new URL('/admin/security/visitor-list', here.workspace).href)
      await expect(page.getByText('127.0.0.1').first()).toBeVisible()
      await expect(page.getByText(/tries refused today/)).toBeVisible()
    })
    await test.step('the other list is read while the page stands, and the focus stays', async () => {
      const other = page.getByRole('tab', { name: 'Allowlist' })
      await page.route((url) => url.pathname === '/api/v1/security/visitor-list' && url.searchParams.get('list') === 'allow', async (route) => {
        await new Promise((done) => setTimeout(done, 700))
        await route.continue()
      })
      await page.getByRole('tab', { name: 'Blocklist' }).focus()
      await page.keyboard.press('ArrowRight')
      await page.keyboard.press('Enter')
      await expect(page.getByRole('status', { name: 'Loading' }).first()).toBeVisible()
      await expect(other).toBeFocused()
      await expect(page.getByText('Nobody is on the allowlist')).toBeVisible()
      await expect(other).toBeFocused()
      await page.keyboard.press('ArrowLeft')
      await page.keyboard.press('Enter')
      await expect(page.getByText('127.0.0.1').first()).toBeVisible()
    })
    await test.step('the allowlist comes into force by no single click, and not without a line', async () => {
      const modes = page.getByRole('radiogroup', { name: 'In force' })
      const sure = page.getByRole('dialog', { name: 'Let the allowlist alone decide?' })
      await modes.getByRole('radio', { name: 'Blocklist' }).focus()
      await page.keyboard.press('ArrowRight')
      await expect(sure).toContainText('The allowlist has no line yet.')
      await sure.getByRole('button', { name: 'Put in force' }).click()
      await expect(sure).toContainText('no visitor could reach you')
      await sure.getByRole('button', { name: 'Cancel' }).click()
      await expect(modes.getByRole('radio', { name: 'Blocklist' })).toBeChecked()
    })
    await test.step('a table is looked at before it is imported', async () => {
      await page.getByRole('button', { name: 'Import CSV' }).click()
      const dialog = page.getByRole('dialog', { name: /Import from CSV/ })
      await dialog.locator('input[type=file]').setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from('network;remark\r\n198.51.100.0/24;Spam\r\nexample.com;what\r\n') })
      await expect(dialog).toContainText('1 new line can be imported.')
      await expect(dialog).toContainText('Line 3')
      await page.screenshot({ path: test.info().outputPath('import.png') })
      await dialog.getByRole('button', { name: 'Import the good lines' }).click()
      await expect(page.getByText('198.51.100.0/24').first()).toBeVisible()
    })
    await test.step('off the list, the visitor is heard again', async () => {
      const list = await boss.do('GET', '/api/v1/security/visitor-list?list=block')
      for (const line of list.json.items) await boss.do('DELETE', `/api/v1/security/visitor-list/entries/${String(line.id)}`)
      await visitor.page.reload()
      await expect(visitor.panel).toBeVisible()
      await expect(visitor.panel).not.toContainText('not available')
      await expect(visitor.panel).toContainText(/Closed/)
    })
    await test.step('by the button of the conversation', async () => {
      const other = new Widget(await someone())
      await other.open(here)
      await other.ask('Pia Pills', 'And mine?')
      await page.goto(new URL('/inbox?view=waiting', here.workspace).href)
      await row(page, 'And mine?').click()
      await page.getByRole('button', { name: 'Details' }).click()
      await page.getByRole('button', { name: 'Block this visitor' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Block', exact: true }).click()
      await expect(page.getByText('The address of Pia Pills is on the blocklist.')).toBeVisible()
      await expect(other.panel).toContainText('The chat is not available right now.', { timeout: 15_000 })
    })
  } finally {
    await page.goto('about:blank') // the console would miss its server
    await house.remove()
  }
})
