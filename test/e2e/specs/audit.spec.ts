import { findings, schemes, sizes } from '../house/axe.ts'
import { enter, person } from '../house/people.ts'
import { expect, test } from '../house/test.ts'
import { Wire } from '../house/wire.ts'

test('the audit log is filtered by its address, and each security card leads to its own part of it', async ({ page, guide }) => {
  const wire = new Wire(guide)
  const boss = person(guide, 'Administrator')
  await wire.signIn(boss.email, boss.password)
  const { json: now } = await wire.do('GET', '/api/v1/security')
  const before = now.sessions as { idle_minutes: number; life_hours: number }
  const { json: then } = await wire.do('PUT', '/api/v1/security/sessions', { revision: now.revision, ...before, idle_minutes: 240 })
  await wire.do('PUT', '/api/v1/security/sessions', { revision: then.revision, ...before })

  const heading = (name: string) => page.getByRole('heading', { level: 1, name })
  const element = page.getByLabel('Element')
  const rows = page.getByRole('table', { name: 'Entries' }).locator('tbody tr')
  await enter(page, guide, 'Administrator', '/admin/security')

  await test.step('from a card', async () => {
    await page.getByRole('link', { name: 'Changes in the audit log: Sessions' }).press('Enter')
    await expect(page).toHaveURL(/\/admin\/audit\?element=Security(\+|%20)setting$/)
    await expect(heading('Audit log')).toBeFocused()
    await expect(element).toHaveValue('Security setting')
    await expect(rows.first()).toContainText('Security setting')
    const values = rows.first().locator('dl > div').filter({ hasText: 'Idle limit' })
    await expect(values.locator('del')).toContainText('4 hours')
    await expect(values.locator('ins')).toContainText('8 hours')
  })
  await test.step('axe, light and dark, wide and narrow', async () => {
    for (const size of sizes) {
      for (const colorScheme of schemes) {
        await page.setViewportSize(size)
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await page.waitForTimeout(300)
        const where = `audit-filtered-${colorScheme}-${String(size.width)}`
        expect.soft(await findings(page), where).toEqual([])
        if (process.env['E2E_PICTURES']) await page.screenshot({ path: `results/shots/${where}.png`, fullPage: true })
      }
    }
    await page.setViewportSize(sizes[0])
    await page.emulateMedia({ colorScheme: 'light' })
  })
  await test.step('by the page, by a reload, and back', async () => {
    await page.getByLabel('Action').selectOption('Deleted')
    await expect(page).toHaveURL(/action=Deleted/)
    await expect(page.getByText('No entry matches these filters')).toBeVisible()
    await page.reload()
    await expect(page.getByLabel('Action')).toHaveValue('Deleted')
    await expect(element).toHaveValue('Security setting')
    await page.getByRole('button', { name: 'Clear the filters' }).click()
    await expect(page).toHaveURL(/\/admin\/audit$/)
    await expect(rows.first()).toBeVisible()
    await page.goBack()
    await expect(heading('Service Authentication'), 'one step back leaves the page').toBeVisible()
  })
  await test.step('a day is typed, and taken when it is whole', async () => {
    await page.goto(new URL('/admin/audit', guide.workspace).href)
    await page.getByLabel('From', { exact: true }).focus()
    await page.keyboard.type('11112020') // the same in either order of day and month
    await expect(page).toHaveURL(/\/admin\/audit\?from=2020-11-11$/)
    await expect(page.getByLabel('From', { exact: true })).toHaveValue('2020-11-11')
    await expect(rows.first()).toBeVisible()
  })
  await test.step('an address that somebody wrote', async () => {
    await page.goto(new URL('/admin/audit?staff=ann&from=0002-99-99&action=%3Cb%3E&element=Kettle', guide.workspace).href)
    await expect(page.getByText('No entry matches these filters')).toBeVisible()
    await expect(element).toHaveValue('Kettle')
    await expect(page.getByLabel('Who')).toHaveValue('')
    await expect(page.getByLabel('Action')).toHaveValue('')
  })
  await test.step('the heading is where a sub-page begins', async () => {
    await page.goto(new URL('/admin/security', guide.workspace).href)
    for (const [open, name] of [['Open the list', 'Staff IP login list'], ['Open the lists', 'Visitor IP list']] as const) {
      await page.getByRole('link', { name: open, exact: true }).press('Enter')
      await expect(heading(name)).toBeFocused()
      await page.goBack()
      await expect(heading('Service Authentication')).toBeFocused()
    }
  })
  await test.step('the checklist leads to the card, not to the top of its page', async () => {
    for (const warm of [false, true]) { // the settings are read on the way, or known already
      await page.goto(new URL(warm ? '/admin/security' : '/admin/staff', guide.workspace).href)
      await page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Security checklist' }).press('Enter')
      await expect(heading('Security checklist')).toBeFocused()
      await page.getByRole('main').locator('a[href$="/admin/security#sessions"]').first().press('Enter')
      await expect(page.locator('#sessions')).toBeFocused()
      await expect(page.locator('#sessions')).toBeInViewport()
    }
  })
})
