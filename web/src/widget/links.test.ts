import { describe, expect, it } from 'vitest'
import { linked } from './dom'
import { parts } from './links'

const hrefs = (s: string) => parts(s).flatMap((p) => (p.href === undefined ? [] : [p.href]))

describe('addresses in a message', () => {
  const good: [string, string[]][] = [
    ['see https://a.example/b', ['https://a.example/b']],
    ['see https://a.example/b.', ['https://a.example/b']],
    ['(https://a.example/b_(c))', ['https://a.example/b_(c)']],
    ['https://a.example, https://b.example!', ['https://a.example/', 'https://b.example/']],
    ['HTTPS://A.example/X', ['https://a.example/X']],
    ['"https://a.example/?q=1&r=2#s"', ['https://a.example/?q=1&r=2#s']],
    ['https://bücher.example/ä', ['https://xn--bcher-kva.example/%C3%A4']],
    ['write to ann@a.example please', ['mailto:ann@a.example']],
    ['mailto:ann@a.example', ['mailto:ann@a.example']],
    ['https://shop.localhost:8443/x', ['https://shop.localhost:8443/x']],
  ]
  it.each(good)('%s', (text, want) => {
    expect(hrefs(text)).toEqual(want)
    expect(
      parts(text)
        .map((p) => p.text)
        .join(''),
    ).toBe(text)
  })

  // AC-091: no other scheme, no hidden host, no header fields in a mail.
  const bad = [
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java\tscript:alert(1)',
    'javascript://https://a.example/%0aalert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:msgbox(1)',
    'file:///etc/passwd',
    'http://a.example',
    'ftp://a.example',
    'blob:https://a.example/1',
    'tel:+4912345',
    'intent://a.example#Intent;end',
    'https://',
    'https://?',
    'https:///a.example',
    'https:a.example',
    '//a.example',
    '\\\\a.example',
    'https://user:pw@a.example/',
    'https://bank.example@evil.example/',
    'https://bank.example%40evil.example@x',
    'https://@evil.example/',
    'https://intranet/',
    'https://a b',
    'xhttps://a.example',
    'javascript:https://a.example',
    'mailto:ann@a.example?bcc=eve@evil.example',
    'mailto:ann@a.example,eve@evil.example',
    'mailto:',
    'mailto:?to=ann@a.example',
    'mailto:a@b',
    'https://[::1',
    'https://a.example:99999/',
    'view-source:https://a.example',
    'ws://a.example',
    'chrome://settings',
    'about:blank',
    'x@y',
    '@a.example',
    'a@-b.example',
  ]
  it.each(bad)('is no link: %s', (text) => {
    for (const href of hrefs(text)) expect(href).toMatch(/^mailto:[^?,]+$/) // at most a plain mailbox within it
    expect(hrefs(text).some((x) => /bcc|evil|%2c|,/i.test(x) && x.startsWith('https'))).toBe(false)
    expect(hrefs(text).every((x) => !x.startsWith('https:'))).toBe(true)
    expect(
      parts(text)
        .map((p) => p.text)
        .join(''),
    ).toBe(text)
  })

  it('ends at characters that turn the direction of writing', () => {
    expect(hrefs('https://a.example/\u202Efdp.exe')).toEqual(['https://a.example/'])
    expect(hrefs('https://a.example\u200b.evil.example')).toEqual(['https://a.example/'])
  })

  it('AC-089: makes text and links, never other elements', () => {
    const attacks = [
      '<img src=x onerror=alert(1)>',
      '<script>alert(1)</script>',
      '"><svg onload=alert(1)>',
      '<a href="javascript:alert(1)">x</a>',
      'https://a.example/"onmouseover="alert(1)',
      "https://a.example/'onfocus='alert(1)",
      '<iframe srcdoc="<script>alert(1)</script>">',
      '&lt;b&gt;',
      '{{constructor.constructor("alert(1)")()}}',
      '<math><mi//xlink:href="data:x,<script>alert(4)</script>">',
      '<style>@import "https://evil.example"</style>',
      '</textarea><script>alert(1)</script>',
    ]
    for (const text of attacks) {
      const box = document.createElement('div')
      box.append(linked(text))
      expect(box.textContent).toBe(text)
      for (const e of box.querySelectorAll('*')) {
        expect(e.tagName).toBe('A')
        expect(e.getAttributeNames().sort()).toEqual(['href', 'rel', 'target', 'title'])
        expect(e.getAttribute('rel')).toContain('noopener')
        expect(e.getAttribute('href')).toMatch(/^(https:\/\/|mailto:)/)
      }
    }
  })

  it('is quick with long and hostile texts', () => {
    const start = performance.now()
    for (const text of [
      'https://'.repeat(2000),
      'a@'.repeat(4000),
      `https://a.example/${')'.repeat(4000)}`,
      'a.'.repeat(4000) + '@',
      `a@${'a.'.repeat(3000)}`,
    ])
      parts(text)
    expect(performance.now() - start).toBeLessThan(1500)
  })
})
