import { describe, expect, it } from 'vitest'
import { next } from './next'

const origin = 'https://acme.parlatory.example'

describe('AC-065: where a sign-in leads', () => {
  it.each(['/', '/inbox', '/inbox/3f2a', '/admin/staff', '/admin/audit?from=2026-11-01&staff=ann', '/me/', '/a-b_c~d.e'])(
    'takes %s',
    (path) => {
      expect(next(path, origin)).toBe(path)
    },
  )

  const refused = [
    null,
    '',
    ' ',
    'inbox',
    '//evil.example',
    '///evil.example',
    '////evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '\\/evil.example',
    '/\\/evil.example',
    'https://evil.example',
    'https:evil.example',
    'https:/evil.example',
    'HTTPS://evil.example',
    'http://acme.parlatory.example/',
    '//acme.parlatory.example@evil.example',
    'https://acme.parlatory.example@evil.example/',
    'https://acme.parlatory.example.evil.example/',
    '@evil.example',
    '/@evil.example',
    '//evil.example/%2f..',
    '/%2f/evil.example',
    '/%2Fevil.example',
    '/%5cevil.example',
    '/%09/evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/\r\n/evil.example',
    '\t//evil.example',
    '\u0000//evil.example',
    ' //evil.example',
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java\nscript:alert(1)',
    ' javascript:alert(1)',
    'javascript://acme.parlatory.example/%0aalert(1)',
    '/javascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'data:text/html;base64,PHNjcmlwdD4=',
    'vbscript:msgbox(1)',
    'blob:https://acme.parlatory.example/1',
    'file:///etc/passwd',
    'ftp://evil.example',
    '/..//evil.example',
    '/../evil',
    '/./inbox',
    '/a/../..//evil.example',
    '/inbox/../../x',
    '/%2e%2e/x',
    '/inbox//evil.example',
    '/;@evil.example',
    '/inbox#//evil.example',
    '/inbox#x',
    '/?next=//evil.example',
    '/inbox?next=https://evil.example',
    '/\u2028/evil.example',
    '/\u3002evil.example',
    '/。evil',
    '/\uff0fevil.example',
    '/<script>',
    '/"onload="x',
    "/'",
    '/`x`',
    '/{x}',
    '/signin',
    '/signin?next=/x',
    '/signup',
    '/forgot',
    '/reset',
    '/invitation',
    '/api/v1/signout',
    '/widget/v1.js',
    '/assets/x.js',
    `/${'a'.repeat(600)}`,
  ]
  it('has a corpus worth the name', () => {
    expect(refused.length).toBeGreaterThanOrEqual(60)
  })
  it.each(refused)('refuses %j', (path) => {
    expect(next(path, origin)).toBe('/')
  })
})
