import { describe, expect, it } from 'vitest'
import { cleared, differences, merged } from './data'

describe('what two people change at the same time', () => {
  const base = { idle_minutes: 480, life_hours: 168, note: '' }

  it('puts back nothing that was not touched', () => {
    const theirs = { ...base, idle_minutes: 90 }
    expect(merged(base, { ...base, life_hours: 20 }, theirs)).toEqual({ idle_minutes: 90, life_hours: 20, note: '' })
    expect(merged(base, base, theirs)).toEqual(theirs)
  })
  it('keeps what was typed where both changed the same', () => {
    expect(merged(base, { ...base, idle_minutes: 60 }, { ...base, idle_minutes: 90 }).idle_minutes).toBe(60)
  })
  it('keeps a field that was cleared, and names it', () => {
    const typed = merged(base, { ...base, idle_minutes: NaN }, { ...base, idle_minutes: 90 })
    expect(cleared(typed)).toEqual(['idle_minutes'])
    expect(cleared(base)).toEqual([])
  })
  it('shows what differs only', () => {
    expect(differences([{ name: 'a', before: '1', after: '1' }, { name: 'b', before: '1', after: '2' }])).toEqual([{ name: 'b', before: '1', after: '2' }])
  })
})
