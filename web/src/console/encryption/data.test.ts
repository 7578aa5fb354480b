import { describe, expect, it } from 'vitest'
import type { Encryption } from '~/api'
import { formOf, keeps, serverOf } from './data'

const view: Encryption = {
  root: 'own', version: 2, since: '2026-01-01T00:00:00Z', keys: 3, behind: 0, state: 'confirmed', grace_seconds: 90, rotate_days: 0, works: [],
  server: { address: 'https://vault.example.com', mount: 'transit', key: 'acme', role_id: 'r1' },
}

describe('the form of a key server', () => {
  it('sends back what stood there, and no secret that was not typed', () => {
    expect(serverOf(formOf(view))).toEqual(view.server)
    expect(serverOf({ ...formOf(view), secret_id: ' s ' })).toEqual({ ...view.server, secret_id: ' s ' })
  })

  it('sends one way of signing in', () => {
    const both = { ...formOf(view), certificate: 'PEM', certificate_key: 'KEY', secret_id: 's' }
    expect(serverOf({ ...both, way: 'certificate' })).toEqual({ address: 'https://vault.example.com', mount: 'transit', key: 'acme', certificate: 'PEM', certificate_key: 'KEY' })
    expect(serverOf(both)).not.toHaveProperty('certificate')
  })

  it('asks for the secret again where it would go to another place', () => {
    const form = formOf(view)
    expect(keeps(view.server, form)).toBe(true)
    expect(keeps(view.server, { ...form, address: 'https://evil.example' })).toBe(false)
    expect(keeps(view.server, { ...form, role_id: 'r2' })).toBe(false)
    expect(keeps(view.server, { ...form, way: 'certificate' })).toBe(false)
    expect(keeps(undefined, form)).toBe(false)
  })
})
