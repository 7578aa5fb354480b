import { describe, expect, it } from 'vitest'
import { Timeline } from './timeline'
import type { Message } from './wire'

const message = (seq: number): Message => ({
  room: 'r',
  seq,
  id: `m${seq}`,
  by: { kind: 'staff' },
  at: '2026-11-23T10:00:00Z',
  body: String(seq),
})
const seqs = (t: Timeline) => t.items.map((m) => m.seq)

describe('the sequence rule', () => {
  it('applies the next number and drops a repeat', () => {
    const t = new Timeline()
    expect(t.told(message(1))).toBe('applied')
    expect(t.told(message(1))).toBe('dropped')
    expect(t.told(message(2))).toBe('applied')
    expect(seqs(t)).toEqual([1, 2])
  })

  it('shows nothing out of order: a gap asks, and the answer fills it', () => {
    const t = new Timeline()
    t.told(message(1))
    expect(t.told(message(4))).toBe('gap')
    expect(seqs(t)).toEqual([1])
    t.caughtUp({ items: [message(3), message(2), message(4)], head: 4 })
    expect(seqs(t)).toEqual([1, 2, 3, 4])
    expect(t.told(message(4))).toBe('dropped')
  })

  it('drops what the answer and the live line both brought', () => {
    const t = new Timeline()
    t.told(message(1))
    t.told(message(2))
    t.caughtUp({ items: [message(1), message(2), message(3)], head: 3 })
    expect(seqs(t)).toEqual([1, 2, 3])
  })

  it('goes on after numbers that a visitor may not see', () => {
    const t = new Timeline()
    t.told(message(1))
    t.caughtUp({ items: [message(4)], head: 5 })
    expect(t.last).toBe(5)
    expect(t.told(message(6))).toBe('applied')
  })

  it('does not skip to the head while there is more to read', () => {
    const t = new Timeline()
    t.caughtUp({ items: [message(1), message(2)], head: 9, more: true })
    expect(t.last).toBe(2)
  })

  it('puts earlier messages before, once', () => {
    const t = new Timeline(3)
    t.told(message(4))
    t.earlier([message(2), message(3)])
    t.earlier([message(2), message(3), message(1)])
    expect(seqs(t)).toEqual([1, 2, 3, 4])
    expect(t.first).toBe(1)
  })

  it('loses and doubles nothing under any order of arrival', () => {
    let state = 7
    const random = (n: number) => (state = (state * 1103515245 + 12345) & 0x7fffffff) % n
    for (let round = 0; round < 300; round++) {
      const t = new Timeline()
      for (let i = 0; i < 60; i++) {
        if (t.told(message(1 + random(20))) === 'gap' && random(2) === 0) {
          const upTo = Math.min(20, t.last + 1 + random(5))
          t.caughtUp({ items: Array.from({ length: upTo - t.last }, (_, n) => message(t.last + 1 + n)), head: upTo })
        }
      }
      expect(seqs(t)).toEqual(Array.from({ length: t.last }, (_, n) => n + 1))
    }
  })
})
