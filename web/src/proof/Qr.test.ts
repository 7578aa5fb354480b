import { describe, expect, it } from 'vitest'
import { drawn } from './Qr'

describe('the QR code', () => {
  const { size, path } = drawn('otpauth://totp/Parlatory:ann%40acme.example?secret=JBSWY3DPEHPK3PXP&issuer=Parlatory')
  it('has a quiet zone of four modules and three finders', () => {
    const version = (size - 8 - 17) / 4
    expect(Number.isInteger(version)).toBe(true)
    expect(path.startsWith('M4 4h7v1H4z')).toBe(true)
    expect(path).toContain(`M${String(size - 11)} 4h7v1`)
    expect(path).toContain(`M4 ${String(size - 5)}h7v1`)
  })
  it('holds nothing but numbers and strokes', () => { expect(path).toMatch(/^[Mhv Hz\d]+$/) })
})
