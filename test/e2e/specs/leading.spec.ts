import { enter } from '../house/people.ts'
import { expect, test } from '../house/test.ts'

// Where a sign-in leads is written in the address bar, which is anybody's. Each of these leads to a page of this very host.
const corpus = (evil: string): string[] => [
  `//${evil}`, `///${evil}`, `////${evil}`, `/\\${evil}`, `\\\\${evil}`, `\\/${evil}`, `/\t/${evil}`, `/\n/${evil}`, `/\r\n/${evil}`, `\t//${evil}`, ` //${evil}`, `//${evil}/%2f..`, `//${evil}/..;/`, `//${evil}%2f%2f`, `//${evil}@acme`, `/%2f${evil}`, `/%5c${evil}`, `/%09/${evil}`, `/%0d/${evil}`,
  `https://${evil}`, `http://${evil}`, `https:${evil}`, `https:/${evil}`, `https:///${evil}`, `HTTPS://${evil}`, `https:\\\\${evil}`, `//${evil}:443`, `https://acme.parlatory.localhost@${evil}`, `https://${evil}#@acme.parlatory.localhost`, `https://${evil}?acme.parlatory.localhost`, `https://acme.parlatory.localhost.${evil}`, `//acme.parlatory.localhost@${evil}`,
  `@${evil}`, `.${evil}`, `/.${evil}`, `/..//${evil}`, `/../..//${evil}`, `/./\\${evil}`, `/inbox/..//${evil}`, `/inbox//${evil}`, `//${evil}/inbox`, `?//${evil}`, `#//${evil}`, `/#//${evil}`, `/?next=//${evil}`, `//%65vil.example`, '//xn--evl-qma.example', '//ｅvil.example', '//evil。example', `//[::1]/${evil}`,
  'javascript:alert(document.domain)', 'JavaScript:alert(1)', 'java\nscript:alert(1)', 'javascript://%0aalert(1)', ' javascript:alert(1)', 'data:text/html,<script>alert(1)</script>', 'vbscript:msgbox(1)', 'blob:https://evil.example/1', 'file:///etc/passwd', 'ftp://evil.example', 'about:blank', 'view-source:https://evil.example', 'mailto:x@evil.example', '/api/v1/me', '/signout', '/widget/v1.js',
]

test('AC-065 a sign-in leads to a page of its own host, whatever the address bar says', async ({ page, guide, watch }) => {
  watch.allow(/status of 404/) // a path of our own that is no page
  test.setTimeout(180_000)
  await enter(page, guide, 'Agent')
  const own = new URL(guide.workspace).origin
  const left: string[] = []
  page.on('framenavigated', (f) => { if (f === page.mainFrame() && !f.url().startsWith(own)) left.push(f.url()) })
  const strings = corpus('evil.example')
  expect(strings.length).toBeGreaterThanOrEqual(60)
  for (const next of strings) {
    await page.goto(`${own}/signin?next=${encodeURIComponent(next)}`)
    await page.getByRole('main').getByRole('button').first().click()
    await page.waitForURL((url) => url.pathname !== '/signin', { waitUntil: 'load' })
    expect(new URL(page.url()).origin, next).toBe(own)
  }
  expect(left).toEqual([])
  // The control: a page of the console is led to.
  await page.goto(`${own}/signin?next=${encodeURIComponent('/me')}`)
  await page.getByRole('main').getByRole('button').first().click()
  await expect(page).toHaveURL(`${own}/me`)
})
