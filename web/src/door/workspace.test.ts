import { describe, expect, it } from 'vitest'
import { domain, signinOf, subdomain, suggested } from './workspace'

describe('subdomain and domain', () => {
  it('takes plain ones', () => {
    expect(subdomain(' Acme-1 ')).toBe('acme-1')
    expect(domain('Parlatory.example')).toBe('parlatory.example')
    expect(domain('https://parlatory.localhost:8443/')).toBe('parlatory.localhost:8443')
  })
  it.each(['', 'ab', '-acme', 'acme-', 'xn--acme', 'a--b', 'a.b', 'acme@evil', 'acme/..', 'äcme', 'a'.repeat(41), 'ac me'])(
    'refuses the subdomain %j',
    (s) => {
      expect(subdomain(s)).toBeUndefined()
    },
  )
  it.each([
    '',
    'localhost',
    'evil.example/x',
    'a@evil.example',
    'evil.example:0',
    'evil.example:99999',
    'evil.example:1:2',
    'evil..example',
    '.evil.example',
    'evil.example?x',
    'evil.example#x',
    'a b.example',
    'javascript:alert(1)',
    'evil.example\\x',
  ])('refuses the domain %j', (s) => {
    expect(domain(s)).toBeUndefined()
  })
  it('suggests a subdomain from a name', () => {
    expect(suggested('Harbour & Pine GmbH')).toBe('harbour-pine-gmbh')
    expect(suggested("  Müller's Bäckerei ")).toBe('mullers-backerei')
    expect(suggested('東京')).toBe('')
    expect(subdomain(suggested(`${'a'.repeat(39)} b`))).toBeDefined()
  })
  it('goes only to workspaces under this domain', () => {
    const here = { protocol: 'https:', hostname: 'parlatory.example' }
    expect(signinOf('https://acme.parlatory.example:8443', here)).toBe('https://acme.parlatory.example:8443/signin')
    for (const odd of [
      'https://evil.example',
      'https://acme.parlatory.example@evil.example',
      'https://evilparlatory.example',
      'http://acme.parlatory.example',
      'javascript:alert(1)',
      '',
    ]) {
      expect(signinOf(odd, here)).toBeUndefined()
    }
  })
})
