import { describe, expect, it } from 'vitest'
import { problemOf } from './problem'

describe('a reason for a field', () => {
  const said = (reason: string) => problemOf(422, { errors: [{ name: 'it', reason }] }).fields['it']

  it.each([
    ['expected number >= 15', 'must be at least 15'],
    ['expected number <= 1440', 'must be at most 1440'],
    ['expected length <= 200', 'must have at most 200 characters'],
    ['expected array length >= 1', 'must have at least 1 entry'],
    ['expected string to be RFC 5322 email: mail: no angle-addr', 'is not written in the way that is needed here'],
  ])('%s is said in plain words', (reason, plain) => {
    expect(said(reason)).toBe(plain)
  })

  it('stays as it is where a person wrote it', () => {
    expect(said('can be under 12 only where a second factor is required')).toBe('can be under 12 only where a second factor is required')
  })
})
