import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sizeOf } from './size'
import { Tray } from './tray'
import type { Stand, Way } from './upload'

const words = { tooLarge: (most: number) => `at most ${String(most)}`, empty: 'empty', unreadable: 'unreadable' }
const stand = (id: string, change: Partial<Stand> = {}): Stand => ({ id, state: 'uploading', kind: 'other', name: id, type: 'x', size: 3, part_size: 4, parts: 1, ...change })

let asked: string[]
let end: Stand['state']
let way: Way
let tray: Tray
beforeEach(() => {
  vi.useFakeTimers()
  asked = []
  end = 'ready'
  way = {
    begin: (_, file) => { asked.push(`begin ${file.name}`); return Promise.resolve(stand(`server ${file.name}`)) },
    stand: (id) => { asked.push(`stand ${id}`); return Promise.resolve(stand(id, { state: end })) },
    part: (id) => { asked.push(`part ${id}`); return Promise.resolve() },
    complete: (id) => Promise.resolve(stand(id, { state: end })),
    drop: (id) => { asked.push(`drop ${id}`); return Promise.resolve() },
  }
  let n = 0
  tray = new Tray({ room: 'r', way, most: () => 10, words, uuid: () => `c${String(++n)}` })
})
afterEach(() => { vi.useRealTimers() })

const file = (name: string, text = 'abc') => new File([text], name)
const settle = () => vi.advanceTimersByTimeAsync(10)
const states = () => tray.items.map((item) => item.state)

describe('the files for a message', () => {
  it('are sent one after another, and can go out when all are ready', async () => {
    tray.add([file('a'), file('b')])
    expect(tray.ready).toBe(false)
    expect(tray.busy).toBe(true)
    await settle()
    expect(asked).toEqual(['begin a', 'part server a', 'begin b', 'part server b'])
    expect(tray.ready).toBe(true)
    expect(tray.take().map((one) => one.id)).toEqual(['server a', 'server b'])
    expect(tray.items).toEqual([])
  })

  it('are ten at most, and it says how many were left out', async () => {
    expect(tray.add(Array.from({ length: 12 }, (_, i) => file(String(i))))).toBe(2)
    expect(tray.items).toHaveLength(10)
    expect(tray.add([file('one more')])).toBe(1)
    await settle()
    expect(tray.ready).toBe(true)
  })

  it('too large or empty, are refused before anything is asked of the server', async () => {
    tray.add([file('large', 'more than ten bytes'), file('empty', '')])
    await settle()
    expect(tray.items.map((item) => item.why)).toEqual(['at most 10', 'empty'])
    expect(states()).toEqual(['refused', 'refused'])
    expect(asked).toEqual([])
  })

  it('being checked wait for the server’s word, and ask for it where it was lost', async () => {
    end = 'checking'
    tray.add([file('a')])
    await settle()
    expect(states()).toEqual(['checking'])
    expect(tray.ready).toBe(false)
    end = 'quarantined'
    await vi.advanceTimersByTimeAsync(4_100)
    expect(states()).toEqual(['quarantined'])

    end = 'checking'
    tray.remove('c1')
    expect(asked, 'what is in quarantine is kept').not.toContain('drop server a')
    tray.add([file('b')])
    await settle()
    end = 'ready'
    tray.heard('server b')
    await settle()
    expect(states()).toEqual(['ready'])
  })

  it('taken away are given up at the server too', async () => {
    tray.add([file('a')])
    await settle()
    tray.remove('c1')
    expect(asked.at(-1)).toBe('drop server a')
    expect(tray.items).toEqual([])
  })

  it('that failed go on when somebody says so', async () => {
    const part = way.part
    end = 'uploading'
    way.part = () => Promise.reject(Object.assign(new Error('Away.'), { status: 0 }))
    tray.add([file('a')])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(tray.items[0]).toMatchObject({ state: 'failed', why: 'Away.' })
    way.part = part
    asked = []
    way.complete = (id) => Promise.resolve(stand(id, { state: 'ready' }))
    tray.retry('c1')
    await settle()
    expect(asked).toEqual(['stand server a', 'part server a'])
    expect(states()).toEqual(['ready'])
  })
})

describe('a size', () => {
  it('is written as people say it', () => {
    expect([1, 900, 1_024, 1_536, 1_048_576, 3_565_158, 9_437_201, 104_857_600, 1 << 30].map(sizeOf))
      .toEqual(['1 byte', '900 bytes', '1 KB', '1.5 KB', '1 MB', '3.4 MB', '9 MB', '100 MB', '1 GB'])
  })
})
