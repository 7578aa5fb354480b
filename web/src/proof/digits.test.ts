import { describe, expect, it } from 'vitest'
import { digits, grouped, ready } from './digits'

describe('the field of a code', () => {
  it('takes what people paste', () => {
    expect(digits('123 456', 6)).toBe('123456')
    expect(digits('Your code: 12-34-56.', 6)).toBe('123456')
    expect(digits('１２３４５６', 6)).toBe('123456')
    expect(digits('1234567890', 6)).toBe('123456')
    expect(digits('', 6)).toBe('')
  })
  it('is sent once when it is complete, and again only when it was changed', () => {
    expect(ready('12345', 6, '')).toBe(false)
    expect(ready('123456', 6, '')).toBe(true)
    expect(ready('123456', 6, '123456')).toBe(false)
    expect(ready('123457', 6, '123456')).toBe(true)
  })
  it('shows a secret in groups', () => {
    expect(grouped('ABCDEFGHIJ')).toBe('ABCD EFGH IJ')
    expect(grouped('')).toBe('')
  })
})
