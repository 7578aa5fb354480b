import { expect, type Page } from '@playwright/test'
import { schemes, sizes, whole } from '../house/axe.ts'
import { begin, enter, hire, row, Widget } from '../house/people.ts'
import { test } from '../house/test.ts'

// What the settings of sign-in and access look like when they are used: forms open, values wrong, lists filled, dialogs standing.

async function shoot(page: Page, name: string): Promise<void> {
  for (const scheme of schemes) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
    for (const size of sizes) {
      await page.setViewportSize(size)
      await page.waitForTimeout(300)
      await whole(page, size, `results/shots/${name}-${String(size.width)}-${scheme}.png`)
    }
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(sizes[0])
}

test.beforeEach(({ watch }) => { watch.allow(/status of/, /WebSocket/) })

test('shot: all cards open, with what is wrong', async ({ page, guide }) => {
  await enter(page, guide, 'Administrator', '/admin/security')
  for (const card of ['Two-factor authentication', 'Staff password policies', 'Lockout', 'Sessions']) await page.getByRole('button', { name: `Change: ${card}` }).click()
  await page.getByLabel('Wrong passwords in a row').fill('5')
  await shoot(page, 'cards-open')
  await page.getByLabel('Minimum length').fill('7')
  await page.getByRole('form', { name: 'Staff password policies' }).getByRole('button', { name: 'Review and save' }).click()
  await page.getByLabel('Idle limit').fill('5')
  await page.getByRole('form', { name: 'Sessions' }).getByRole('button', { name: 'Review and save' }).click()
  await shoot(page, 'cards-wrong')
})

test('shot: both IP lists filled, an import, and what is wrong', async ({ page, guide }) => {
  await enter(page, guide, 'Administrator', '/admin/security/staff-list')
  const add = async (network: string, remark: string) => {
    await page.getByLabel('Address, block or range').fill(network)
    await page.getByLabel('Remark').fill(remark)
    await page.getByRole('button', { name: 'Add', exact: true }).click()
  }
  const lines = [['198.51.100.0/24', 'The office in Bergen'], ['2001:db8:1:2::/64', ''], ['203.0.113.5-203.0.113.90', 'The VPN, until the new one stands; ask Dana before you touch this line']] as const
  for (const [network, remark] of lines) {
    await add(network, remark)
    await expect(page.getByText(`${network} is on the list.`)).toBeVisible()
  }
  await add('198.51.100.0/33', '')
  await page.waitForTimeout(500)
  await shoot(page, 'staff-list-filled')
  await page.goto(new URL('/admin/security/visitor-list', guide.workspace).href)
  await page.getByRole('radiogroup', { name: 'In force' }).getByText('Blocklist', { exact: true }).click()
  await page.getByLabel('Ends on').fill('2031-05-04')
  await add('192.0.2.0/28', 'Spam about pills')
  await expect(page.getByText('192.0.2.0/28 is on the list.')).toBeVisible()
  await add('2001:db8:aaaa:bbbb:cccc:dddd:eeee:1-2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff', '')
  await page.waitForTimeout(500)
  await shoot(page, 'visitor-list-filled')
  await page.getByRole('button', { name: 'Import CSV' }).click()
  await shoot(page, 'import-empty')
  const text = `network;remark\r\n198.51.100.0/24;Spam\r\n192.0.2.0/28;again\r\n${Array.from({ length: 12 }, (_, i) => `example${String(i)}.com;what`).join('\r\n')}\r\n`
  await page.getByRole('dialog').locator('input[type=file]').setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
  await expect(page.getByRole('dialog')).toContainText('can be imported')
  await shoot(page, 'import-looked-at')
})

test('shot: what is done with members', async ({ page, guide, someone }) => {
  await hire(await someone(), guide, 'maximiliane.featherstonehaugh@acme.example', 'Maximiliane Featherstonehaugh-Cholmondeley')
  const stranger = await someone()
  for (let i = 0; i < 12; i++) {
    await begin(stranger, guide, { email: 'maximiliane.featherstonehaugh@acme.example', password: `wrong ${String(i)} wrong wrong` })
    await stranger.waitForTimeout(700)
  }
  await shoot(stranger, 'signin-refused')
  await enter(page, guide, 'Administrator', '/admin/staff')
  await shoot(page, 'staff-members')
  for (const act of ['Change role', 'Unlock', 'Sign out everywhere', 'Suspend']) {
    await page.getByRole('button', { name: /^Actions for Maximiliane/ }).click()
    const item = page.getByRole('menuitem', { name: act })
    if (await item.isVisible()) {
      await item.click()
      await shoot(page, `staff-${act.replaceAll(' ', '-').toLowerCase()}`)
    }
    await page.keyboard.press('Escape')
  }
})

test('shot: a visitor is blocked', async ({ page, guide, someone }) => {
  const widget = new Widget(await someone())
  await widget.open(guide)
  await widget.ask('Paul Pills', 'Buy my pills, all of them?')
  await enter(page, guide, 'Administrator', '/inbox?view=waiting')
  await row(page, 'Buy my pills').click()
  await page.getByRole('button', { name: 'Details' }).click()
  await shoot(page, 'block-button')
  await page.getByRole('button', { name: 'Block this visitor' }).click()
  await shoot(page, 'block-dialog')
  await page.getByRole('dialog').getByRole('button', { name: 'Block', exact: true }).click()
  await expect(widget.panel).toContainText('The chat is not available right now.', { timeout: 15_000 })
  await shoot(widget.page, 'widget-refused')
  const fresh = new Widget(await someone())
  await fresh.open(guide)
  await shoot(fresh.page, 'widget-refused-new')
  await page.goto(new URL('/admin/audit?element=Act&from=2020-01-01&to=2020-01-02', guide.workspace).href)
  await expect(page.getByRole('button', { name: 'Clear the filters' })).toBeVisible()
  await shoot(page, 'audit-no-match')
})
