import { House } from '../house/house.ts'
import { person, Widget } from '../house/people.ts'
import { expect, test } from '../house/test.ts'
import { Wire } from '../house/wire.ts'

test('the widget leaves no cookie and loads little, and only when it is wanted', async ({ page, guide, context }) => {
  const sizes = new Map<string, number>()
  page.on('response', (r) => {
    if (new URL(r.url()).pathname.startsWith('/widget/v1.js') || /\/widget\/.*\.js$/.test(r.url())) {
      void r.request().sizes().then((s) => sizes.set(new URL(r.url()).pathname, s.responseBodySize))
    }
  })
  const widget = new Widget(page)
  await page.goto(guide.shop)
  await expect(widget.launch).toBeVisible()
  await page.waitForLoadState('networkidle')
  const total = () => [...sizes.values()].reduce((a, b) => a + b, 0)
  expect(sizes.size, 'one script before it is opened').toBe(1)
  expect(total(), 'bytes over the line before it is opened').toBeLessThan(5_000)
  await widget.launch.click()
  await widget.ask('Cora Cookie', 'Do you bake?')
  await page.waitForLoadState('networkidle')
  await expect.poll(() => sizes.size).toBeGreaterThan(1)
  expect(total(), 'bytes over the line in all').toBeLessThan(30_000)
  test.info().annotations.push({ type: 'bytes', description: JSON.stringify([...sizes]) })

  expect(await context.cookies()).toEqual([])
  expect(await page.evaluate(() => document.cookie)).toBe('')
  expect(await page.evaluate(() => Object.keys(localStorage).filter((k) => !k.startsWith('parlatory:'))), 'one name of its own').toEqual([])
})

test('on a site that the workspace does not list, the chat says so, shows nothing, and takes nothing from who was talking there', async ({ page, guide, someone, watch }) => {
  watch.allow(/status of 40[13]|CORS|ERR_FAILED|WebSocket/)
  const house = await House.start(guide.authority)
  try {
    const before = new Widget(await someone())
    await before.open(house.guide)
    await before.ask('Lee Listed', 'Is this site listed?')

    const admin = new Wire(house.guide)
    const dana = person(house.guide, 'Administrator')
    await admin.signIn(dana.email, dana.password)
    const sites = await admin.do('GET', '/api/v1/sites')
    for (const site of sites.json.items) await admin.do('DELETE', `/api/v1/sites/${String(site.id)}`)

    const answers: string[] = []
    page.on('response', (r) => { if (r.url().includes('/widget/v1/')) void r.text().then((t) => answers.push(t), () => undefined) })
    const widget = new Widget(page)
    await widget.open(house.guide)
    await expect(widget.panel.getByRole('alert')).toContainText(/can’t be reached from here|not switched on for this website/)
    await expect(widget.panel).not.toContainText('Harbour & Pine')
    expect(answers.join(), 'no answer names the company').not.toContain('Harbour')

    await before.say('Am I still heard?')
    await expect(before.panel).toContainText(/can’t be reached from here|not switched on for this website|Waiting for the connection|Not sent/)
    await page.waitForTimeout(1_500) // time for it to be sent again
    const kept = await admin.do('GET', '/api/v1/enquiries?view=waiting')
    expect(kept.text).not.toContain('Am I still heard?')
  } finally {
    await house.remove()
  }
})

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })

  test('the chat fills the screen, nothing is cut off, and the way out is there', async ({ page, guide }) => {
    const widget = new Widget(page)
    await widget.open(guide)
    const box = await widget.panel.boundingBox()
    expect(box?.width).toBeGreaterThan(380)
    expect(await page.evaluate(() => document.documentElement.scrollWidth), 'no sideways scrolling').toBeLessThanOrEqual(390)
    for (const field of ['Your name', 'Your question']) {
      const size = await widget.panel.getByLabel(field).evaluate((e) => parseFloat(getComputedStyle(e).fontSize))
      expect(size, 'a smaller field makes iOS zoom in').toBeGreaterThanOrEqual(16)
    }
    await widget.ask('Pia Phone', 'Are you open on Sunday?')
    await widget.box.fill('Or on Monday?')
    await widget.panel.getByRole('button', { name: 'Send' }).tap()
    await expect(widget.log).toContainText('Or on Monday?')
    for (const button of await widget.panel.getByRole('button').all()) {
      const size = await button.boundingBox()
      if (size) expect(Math.min(size.width, size.height), 'WCAG 2.2, 2.5.8').toBeGreaterThanOrEqual(24)
    }
    await widget.panel.getByRole('button', { name: 'Close', exact: true }).tap()
    await expect(widget.panel).toHaveCount(0)
    await expect(widget.launch).toBeVisible()
  })
})

test('the widget by keyboard alone', async ({ page, guide }) => {
  const widget = new Widget(page)
  const key = (k: string) => page.keyboard.press(k)
  await page.goto(guide.shop)
  await expect(widget.launch).toBeVisible()
  await key('Shift+Tab') // the button is the last thing in the page
  for (let i = 0; i < 30 && !(await widget.launch.evaluate((e) => e.matches(':focus'))); i++) await key('Tab')
  await expect(widget.launch).toBeFocused()
  await key('Enter')
  await expect(widget.panel.getByLabel('Your name')).toBeFocused()
  await key('Escape')
  await expect(widget.panel).toHaveCount(0)
  await expect(widget.launch, 'the focus goes back to where it came from').toBeFocused()
  await key('Enter')
  await expect(widget.panel.getByLabel('Your name')).toBeFocused()
  await page.keyboard.type('Kay Board')
  await key('Tab')
  await expect(widget.panel.getByLabel('Your e-mail')).toBeFocused()
  await key('Tab')
  await page.keyboard.type('Can I order by keyboard?')
  await expect(widget.panel.getByLabel('Your question')).toHaveValue('Can I order by keyboard?')
  const send = widget.panel.getByRole('button', { name: 'Agree and send' })
  for (let i = 0; i < 6 && !(await send.evaluate((e) => e.matches(':focus'))); i++) await key('Tab')
  await key('Enter')
  await expect(widget.box).toBeFocused()
  await page.keyboard.type('One line')
  await key('Shift+Enter')
  await page.keyboard.type('and another')
  await key('Enter')
  await expect(widget.log).toContainText('One line')
  await expect(widget.box).toHaveValue('')
  await key('Escape')
  await expect(widget.launch).toBeFocused()
})

test('a mistake in the form is said beside the field, and nothing is lost', async ({ page, guide }) => {
  const widget = new Widget(page)
  await widget.open(guide)
  await widget.panel.getByLabel('Your question').fill('A question without a name')
  await widget.panel.getByLabel('Your e-mail').fill('nonsense')
  await widget.panel.getByRole('button', { name: 'Agree and send' }).click()
  await expect(widget.panel.getByLabel('Your name')).toBeFocused()
  await expect(widget.panel.getByLabel('Your name')).toHaveAccessibleDescription(/write your name/)
  await expect(widget.panel.getByLabel('Your e-mail')).toHaveAccessibleDescription(/name@example\.com/)
  await expect(widget.panel.getByLabel('Your question')).toHaveValue('A question without a name')
})
