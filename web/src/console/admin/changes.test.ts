import { describe, expect, it } from 'vitest'
import { changes, dayAfter, dayStart } from './changes'

describe('the values of an entry', () => {
  it('stand beside each other by name', () => {
    expect(changes({ element: 'Staff', old: { role: 'Agent' }, new: { role: 'Supervisor', display_name: 'Robin' } })).toEqual([
      { name: 'display name', before: undefined, after: 'Robin' },
      { name: 'role', before: 'Agent', after: 'Supervisor' },
    ])
  })
  it('are called as the page calls them where they were set', () => {
    const before = { min_length: '12', required: 'false', trust_days: '30', lockout_ends: 'time', message: '' }
    const after = { min_length: '16', required: 'true', trust_days: '0', lockout_ends: 'administrator', message: 'By Friday, please.' }
    expect(changes({ element: 'Security setting', old: before, new: after })).toEqual([
      { name: 'The lock ends', before: 'After a time', after: 'By an administrator' },
      { name: 'Message to the staff', before: '', after: 'By Friday, please.' },
      { name: 'Minimum length', before: '12 characters', after: '16 characters' },
      { name: 'Second factor', before: 'Optional', after: 'Required' },
      { name: expect.stringMatching(/^Trusted devices/) as string, before: '30 days', after: 'Never trusted' },
    ])
    expect(changes({ element: 'Staff IP list', old: { mode: 'watch' }, new: { mode: 'on' } })).toEqual([{ name: 'The list is', before: 'Watch only', after: 'On' }])
    expect(changes({ element: 'Visitor list', new: { list: 'block', network: '203.0.113.0/24' } })).toEqual([
      { name: 'List', before: undefined, after: 'Blocklist' }, { name: 'network', before: undefined, after: '203.0.113.0/24' },
    ])
  })
  it('stand as they are where no page knows them', () => {
    expect(changes({ element: 'Security setting', new: { min_length: 'many', required: 'perhaps', lockout_ends: 'never', later: '7' } }).map((c) => c.after)).toEqual(['7', 'never', 'many', 'perhaps'])
  })
  it('may be missing', () => { expect(changes({ element: 'Staff' })).toEqual([]) })
})

describe('days', () => {
  it('begin and end by the local clock, over a change of month', () => {
    expect(dayStart('2026-11-23')).toBe(new Date(2026, 10, 23).toISOString())
    expect(dayAfter('2026-11-30')).toBe(new Date(2026, 11, 1).toISOString())
  })
})
