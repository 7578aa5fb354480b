import { describe, expect, it } from 'vitest'
import { Problem } from '~/api/problem'
import { said, whole } from './said'

describe('what went wrong with a proof', () => {
  it('is a whole sentence with a subject', () => {
    expect(whole('code', 'is not right, or was used already')).toBe('The code is not right, or was used already.')
    expect(whole('mail_code', 'is not right')).toBe('The code from the mail is not right.')
    expect(whole('password', 'Please use another one.')).toBe('Please use another one.')
    expect(whole('other', 'is odd')).toBe('Is odd.')
  })
  it('says nothing where the person broke off', () => { expect(said(new Problem(403, Problem.unproved))).toBe('') })
  it('falls back to the sentence of the whole', () => { expect(said(new Problem(429, { detail: 'Too many tries.' }))).toBe('Too many tries.') })
})
