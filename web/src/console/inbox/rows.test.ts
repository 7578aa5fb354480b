import { describe, expect, it } from 'vitest'
import type { Message } from '~/api'
import { layOut, unreadIn } from './rows'

const at = (minute: number, day = 23) => new Date(2026, 10, day, 10, minute).toISOString()
const said = (seq: number, who: string, when: string, event?: string): Message => ({
  room: 'r', seq, id: `m${String(seq)}`, at: when, body: 'text', event,
  by: { kind: who === 'v' ? 'visitor' : 'staff', id: who, name: who },
})
const kinds = (messages: Message[], read: number) => layOut(messages, [], read, 'me').map((line) => line.kind)

describe('the layout of a conversation', () => {
  it('puts a line above each day', () => {
    expect(kinds([said(1, 'v', at(0, 22)), said(2, 'v', at(0)), said(3, 'v', at(1))], 3)).toEqual(['day', 'said', 'day', 'said', 'said'])
  })

  it('puts New above the first unread message of another person, once', () => {
    expect(kinds([said(1, 'v', at(0)), said(2, 'v', at(1)), said(3, 'v', at(2))], 1)).toEqual(['day', 'said', 'new', 'said', 'said'])
  })

  it('puts no New above everything, nor above what I wrote', () => {
    expect(kinds([said(1, 'v', at(0)), said(2, 'v', at(1))], 0)).not.toContain('new')
    expect(kinds([said(1, 'v', at(0)), said(2, 'me', at(1)), said(3, 'v', at(2))], 1)).not.toContain('new')
  })

  it('keeps together what one person says within five minutes', () => {
    const lines = layOut([said(1, 'v', at(0)), said(2, 'v', at(4)), said(3, 'v', at(20)), said(4, 'me', at(21))], [], 4, 'me')
    expect(lines.flatMap((line) => (line.kind === 'said' ? [[line.first, line.last]] : []))).toEqual([
      [true, false], [false, true], [true, true], [true, true],
    ])
  })

  it('shows what happened as an event, and what is on its way last', () => {
    const pending = { id: 'p', room: 'r', body: 'b', at: at(3) }
    expect(layOut([said(1, 'v', at(0), 'opened')], [pending], 1, 'me').map((line) => line.kind)).toEqual(['day', 'event', 'pending'])
  })
})

describe('what waits to be read', () => {
  const last = (by: 'visitor' | 'staff' | 'system') => ({ seq: 7, at: at(0), by, preview: 'text' })

  it('is what came after the read mark, if the visitor spoke last', () => {
    expect(unreadIn({ state: 'Ongoing', last: last('visitor'), head: 7, read: 4 })).toBe(3)
    expect(unreadIn({ state: 'Open', last: last('visitor'), head: 7, read: 7 })).toBe(0)
  })

  it('is nothing where staff or the system did, nor in a closed enquiry', () => {
    expect(unreadIn({ state: 'Ongoing', last: last('staff'), head: 7, read: 0 })).toBe(0)
    expect(unreadIn({ state: 'Ongoing', last: last('system'), head: 7, read: 0 })).toBe(0)
    expect(unreadIn({ state: 'Closed', last: last('visitor'), head: 7, read: 0 })).toBe(0)
  })
})
