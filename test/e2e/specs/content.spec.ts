import type { Page } from '@playwright/test'
import { addresses, corpus } from '../house/corpus.ts'
import { House } from '../house/house.ts'
import { messages, person, row, Widget } from '../house/people.ts'
import { expect, test } from '../house/test.ts'
import { Wire } from '../house/wire.ts'

// What people write stays text, wherever it is shown. Two things are looked for: code that ran, and markup that came to
// stand in a page although the content policy kept it from running.

/** Counts what runs. A page that it was put into reports each call of pwned(). */
async function trap(page: Page, ran: string[]): Promise<void> {
  await page.context().exposeBinding('pwned', ({ page: where }) => { ran.push(where.url()) })
}

/** Elements and attributes that can only have come from the corpus, shadow roots included. */
function planted(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = []
    const walk = (root: Document | ShadowRoot) => {
      for (const e of root.querySelectorAll('*')) {
        if (e.shadowRoot) walk(e.shadowRoot)
        if (e.matches('iframe, object, embed, base, marquee, math, audio, video, [contenteditable], meta[http-equiv=refresh]')) found.push(e.outerHTML.slice(0, 200))
        if (e.localName === 'script' && (e.textContent ?? '').includes('pwned')) found.push(e.outerHTML.slice(0, 200))
        for (const a of e.attributes) {
          if (/^on/i.test(a.name)) found.push(`${e.localName} ${a.name}`)
          const address = ['href', 'src', 'action', 'formaction', 'xlink:href', 'data', 'srcdoc'].includes(a.name)
          if (address && (/^[\s\u0000-\u0020]*(javascript|data|vbscript|blob)/i.test(a.value) || a.value === 'x' || a.value.includes('evil.example'))) found.push(`${e.localName} ${a.name}=${a.value}`)
        }
      }
    }
    walk(document)
    return found
  })
}

test('the trap notices code that runs, and the search markup that stands', async ({ page, watch }) => {
  watch.allow(/.*/)
  const ran: string[] = []
  await trap(page, ran)
  await page.goto('about:blank')
  await page.setContent(`<p>${corpus[6] ?? ''}</p><iframe></iframe>`)
  await expect.poll(() => ran.length).toBeGreaterThan(0)
  expect((await planted(page)).length).toBeGreaterThan(1)
})

test.describe.serial('AC-089, AC-091, AC-092', () => {
  let house: House
  let admin: Wire
  const begun: { payload: string; token: string; enquiry: string; room: string }[] = []

  test.beforeAll(async ({ guide }) => {
    house = await House.start(guide.authority)
    admin = new Wire(house.guide)
    const dana = person(house.guide, 'Administrator')
    await admin.signIn(dana.email, dana.password)
  })
  test.afterAll(() => house.remove())

  async function asDana(page: Page, path: string): Promise<void> {
    const [name, value] = admin.cookie.split('=')
    await page.context().addCookies([{ name: name ?? '', value: value ?? '', domain: new URL(house.guide.workspace).hostname, path: '/', secure: true, httpOnly: true, sameSite: 'Strict' }])
    await page.goto(new URL(path, house.guide.workspace).href)
  }

  test('AC-089 names, questions and messages of visitors and staff stay text in the console and the widget', async ({ page, someone }) => {
    test.setTimeout(120_000)
    const ran: string[] = []
    await trap(page, ran)
    let network = 1
    for (const payload of [...corpus, ...addresses.map((a) => `see ${a} there`)]) {
      const visitor = new Wire(house.guide, `127.9.${String(network++)}.1`)
      let got = await visitor.begin(payload, payload)
      if ('status' in got) got = await visitor.begin('Somebody', payload) // too long for a name, or refused as one
      if ('status' in got) throw new Error(`the question ${payload} was refused: ${got.text}`)
      begun.push({ payload, ...got })
      await visitor.do('POST', `/widget/v1/rooms/${got.room}/messages`, { id: crypto.randomUUID(), body: `again ${payload}` }, {
        origin: new URL(house.guide.shop).origin, authorization: `Bearer ${got.token}`,
      })
    }

    await asDana(page, '/inbox?view=waiting')
    const more = page.getByRole('button', { name: 'Show more' })
    await expect(row(page, corpus[0] ?? '').first()).toBeVisible()
    while (await more.isVisible().catch(() => false)) await more.click({ timeout: 2_000 }).catch(() => undefined)
    for (const { payload, enquiry } of begun) {
      const link = page.locator(`a[href*="${enquiry}"]`)
      await expect(link, `the list shows ${payload} as it was written`).toContainText(payload.trim().replace(/\s+/g, ' '))
      await link.click()
      await expect(messages(page)).toContainText(`again ${payload}`.replace(/\s+/g, ' '))
      await expect(page.getByRole('heading', { level: 2 })).toContainText(payload.trim().replace(/\s+/g, ' '))
    }
    expect(await planted(page)).toEqual([])

    await test.step('the widget, with a staff member of each name and each message', async () => {
      const { room, enquiry, token } = begun[0]!
      await admin.do('POST', `/api/v1/enquiries/${enquiry}/pickup`, {})
      const widget = new Widget(await someone())
      await trap(widget.page, ran)
      await widget.page.context().addInitScript(([key, value]) => { if (location.hostname === 'shop.localhost') localStorage.setItem(key!, value!) }, [
        `parlatory:${new URL(house.guide.workspace).origin}`, JSON.stringify({ token, name: '<img src=x onerror=pwned()>' }),
      ])
      await widget.open(house.guide)
      let accepted = 0
      for (const payload of [...corpus, ...addresses]) {
        const renamed = await admin.ask('PATCH', '/api/v1/me', { name: payload })
        if (renamed.status < 300) accepted++
        await admin.do('POST', `/api/v1/rooms/${room}/messages`, { id: crypto.randomUUID(), body: `staff says ${payload}` })
      }
      expect(accepted, 'most of the corpus can be a name').toBeGreaterThan(40)
      await expect(widget.log).toContainText(`staff says ${addresses.at(-1) ?? ''}`)
      expect(await planted(widget.page)).toEqual([])
      await widget.page.reload()
      await expect(widget.log).toContainText('staff says')
      expect(await planted(widget.page)).toEqual([])
    })
    await test.step('the pages that show the name and the log', async () => {
      for (const path of ['/inbox?view=mine', '/admin/staff', '/me', '/admin/audit']) {
        await page.goto(new URL(path, house.guide.workspace).href)
        await expect(page.getByRole('heading', { level: 1 })).toBeAttached()
        await page.waitForLoadState('networkidle')
        expect(await planted(page), path).toEqual([])
      }
      await expect(page.getByRole('table')).toContainText('pwned()')
    })
    expect(ran, 'executions').toEqual([])
  })

  test('AC-092 the company name stays text at the doors, in the widget, in mails and in the log', async ({ page }) => {
    test.setTimeout(120_000)
    const ran: string[] = []
    await trap(page, ran)
    let accepted = 0
    for (const [i, payload] of corpus.entries()) {
      const got = await admin.ask('PATCH', '/api/v1/workspace', { company: payload })
      if (got.status >= 300) continue
      accepted++
      await page.goto(new URL('/signin', house.guide.workspace).href)
      await expect(page.getByRole('main')).toContainText(payload.replace(/\s+/g, ' '))
      expect(await planted(page), payload).toEqual([])
      await admin.ask('POST', '/api/v1/staff', { email: `mail${String(i)}@acme.example`, name: payload, role: 'Agent' })
      if (i % 6 === 0) {
        const widget = new Widget(page)
        await widget.open(house.guide)
        await expect(widget.panel.getByRole('heading', { level: 2 })).toContainText(payload)
        expect(await planted(page), payload).toEqual([])
        await page.keyboard.press('Escape')
        await expect(widget.panel).toHaveCount(0)
      }
    }
    expect(accepted, 'most of the corpus can be the name of a company').toBeGreaterThan(40)
    await expect(async () => {
      await page.goto(house.guide.mail)
      expect(await page.getByRole('navigation').getByRole('link').count()).toBeGreaterThan(40)
    }).toPass()
    expect(await planted(page)).toEqual([])
    for (const n of [10, 20, 30, 40]) {
      await page.goto(new URL(`/${String(n)}`, house.guide.mail).href)
      expect(await planted(page)).toEqual([])
    }
    for (const path of ['/admin/audit', '/admin/workspace', '/admin/staff', '/inbox']) {
      await asDana(page, path)
      await page.waitForLoadState('networkidle')
      expect(await planted(page), path).toEqual([])
    }
    expect(ran, 'executions').toEqual([])
  })

  test('AC-091 no address leads anywhere but where it may', async ({ page, watch }) => {
    test.setTimeout(180_000) // many addresses, on a machine that may be busy
    watch.allow(/status of (400|404|410|422)/)
    const ran: string[] = []
    await trap(page, ran)
    const home = new URL(house.guide.workspace)
    for (const target of [...addresses, 'https://evil.example/', '\\\\evil.example', '/signin/../../evil', '@evil.example']) {
      await asDana(page, `/signin?next=${encodeURIComponent(target)}`)
      await page.getByRole('button', { name: 'Continue' }).click()
      await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible()
      expect(new URL(page.url()).origin, `next=${target}`).toBe(home.origin)
    }
    expect(ran, 'executions').toEqual([])
  })

  test('AC-092 answers to broken addresses and requests are not markup', async ({ page, watch }) => {
    watch.allow(/status of (400|401|404|405|410|421|422)/)
    const ran: string[] = []
    await trap(page, ran)
    for (const payload of corpus.slice(0, 6)) {
      const path = encodeURIComponent(payload)
      for (const at of [house.guide.workspace, house.guide.sign_up, house.guide.shop, house.guide.mail]) {
        await page.goto(new URL(`/${path}?q=${path}#token=${path}`, at).href)
        expect(await planted(page), `${at} ${payload}`).toEqual([])
      }
      const api = await admin.ask('GET', `/api/v1/rooms/${path}/messages?limit=${path}`)
      expect(api.status).toBeGreaterThanOrEqual(400)
      expect(api.headers['content-type']).toContain('application/problem+json')
      expect(api.headers['x-content-type-options']).toBe('nosniff')
    }
    for (const door of ['/signup/complete', '/invitation', '/reset']) {
      const at = door === '/signup/complete' ? house.guide.sign_up : house.guide.workspace
      await page.goto(new URL(`${door}#token=<img src=x onerror=pwned()>`, at).href)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      expect(await planted(page), door).toEqual([])
    }
    expect(ran, 'executions').toEqual([])
  })
})
