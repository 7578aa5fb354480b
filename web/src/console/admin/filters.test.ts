import { describe, expect, it } from 'vitest'
import { elements, filtersOf, offered, sound } from './filters'

describe('the filters of an address', () => {
  it('are taken where they have the right shape', () => {
    const all = { staff: '0197a3b2-1111-7abc-8def-0123456789ab', action: 'Signed in', element: 'Security setting', from: '2026-11-01', to: '2026-11-30' }
    expect(filtersOf(all)).toEqual(all)
    expect(filtersOf({})).toEqual({})
  })
  it('are left out where they have not, whoever wrote the address', () => {
    expect(filtersOf({ staff: 'ann', action: '<b>', element: ['Staff'], from: '2026-13-01', to: 20261130, cursor: 'x' })).toEqual({})
    expect(filtersOf({ element: 'x'.repeat(41), from: '0002-11-01', to: 'tomorrow', action: '' })).toEqual({})
  })
  it('are whole days only: a year that is still being typed is none', () => {
    expect(['0002-11-23', '0202-11-23', '2026-11-23'].map((d) => sound('from', d))).toEqual([false, false, true])
  })
})

describe('a select', () => {
  it('shows what the address asks for, also where it is new to it', () => {
    expect(offered(elements, 'Staff')).toEqual(elements)
    expect(offered(elements)).toEqual(elements)
    expect(offered(['A'], 'B')).toEqual(['A', 'B'])
  })
  it('stands in the order of the alphabet', () => { expect([...elements].sort((a, b) => a.localeCompare(b, 'en'))).toEqual(elements) })
})
