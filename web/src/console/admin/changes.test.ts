import { describe, expect, it } from 'vitest'
import { changes, dayAfter, dayStart } from './changes'

describe('the values of an entry', () => {
  it('stand beside each other by name', () => {
    expect(changes({ old: { role: 'Agent' }, new: { role: 'Supervisor', display_name: 'Robin' } })).toEqual([
      { name: 'display name', before: undefined, after: 'Robin' },
      { name: 'role', before: 'Agent', after: 'Supervisor' },
    ])
  })
  it('may be missing', () => { expect(changes({})).toEqual([]) })
})

describe('days', () => {
  it('begin and end by the local clock, over a change of month', () => {
    expect(dayStart('2026-11-23')).toBe(new Date(2026, 10, 23).toISOString())
    expect(dayAfter('2026-11-30')).toBe(new Date(2026, 11, 1).toISOString())
  })
})
