import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Message } from '~/api/types'
import { Line } from './line'
import { Broken, Refused, type Told, type Wire, type WireEars } from './wire'

const me = { id: 'staff-1', name: 'Robin Vale' }
const room = 'room-1'

function message(seq: number, id = `m${seq}`): Message {
  return { room, seq, id, by: { kind: 'visitor', id: 'v1', name: 'Amara' }, at: '2026-11-23T10:00:00Z', body: `text ${seq}` }
}

/** A wire whose server side is the test. */
class FakeWire implements Wire {
  ears!: WireEars
  asked: { method: string; data: Record<string, unknown> }[] = []
  answer: (method: string, data: Record<string, unknown>) => unknown = () => ({ head: 0, items: [], more: false })

  start(ears: WireEars) { this.ears = ears }
  stop() { /* nothing runs */ }
  async ask(method: string, data: object) {
    this.asked.push({ method, data: data as Record<string, unknown> })
    await Promise.resolve()
    return this.answer(method, data as Record<string, unknown>)
  }
  of(method: string) { return this.asked.filter((one) => one.method === method).map((one) => one.data) }
}

const settle = () => vi.advanceTimersByTimeAsync(1)

let wire: FakeWire
let lists: number
function start(): Line {
  const line = new Line({
    wire, me, storage: sessionStorage,
    listsChanged: () => { lists++ },
    older: (_, before) => Promise.resolve([message(before - 2), message(before - 1)]),
  })
  line.start()
  return line
}
const tell = (data: Told) => { wire.ears.told(data) }
const seqs = (line: Line) => line.view(room)?.items.map((item) => item.seq)

beforeEach(() => {
  vi.useFakeTimers()
  sessionStorage.clear()
  wire = new FakeWire()
  lists = 0
})
afterEach(() => { vi.useRealTimers() })

describe('the sequence of a room', () => {
  it('applies the next, drops the known, and asks for what is missing', async () => {
    wire.answer = (method) =>
      method === 'chat.open' ? { head: 2, items: [message(1), message(2)], more: false }
      : { head: 5, items: [message(3), message(4), message(5)], more: false }
    const line = start()
    line.open(room, 2, 0)
    wire.ears.state('live')
    await settle()
    expect(seqs(line)).toEqual([1, 2])

    tell({ k: 'message', ...message(2) })
    expect(seqs(line)).toEqual([1, 2])

    tell({ k: 'message', ...message(5) })
    expect(seqs(line)).toEqual([1, 2])
    await settle()
    expect(wire.of('chat.since')).toEqual([{ room, after: 2 }])
    expect(seqs(line)).toEqual([1, 2, 3, 4, 5])
  })

  it('loses nothing that is told while the room is being opened', async () => {
    wire.answer = () => {
      tell({ k: 'message', ...message(3) })
      return { head: 2, items: [message(1), message(2)], more: false }
    }
    const line = start()
    line.open(room, 2, 0)
    wire.ears.state('live')
    await settle()
    expect(seqs(line)).toEqual([1, 2, 3])
  })

  it('goes on asking while there is more, and stops when nothing comes', async () => {
    wire.answer = (method, data) => {
      if (method === 'chat.open') return { head: 6, items: [message(1), message(2)], more: true }
      const after = data.after as number
      return { head: 6, items: after < 4 ? [message(after + 1), message(after + 2)] : [], more: true }
    }
    const line = start()
    line.open(room, 2, 0)
    wire.ears.state('live')
    await settle()
    expect(seqs(line)).toEqual([1, 2, 3, 4])
    expect(wire.of('chat.since').map((one) => one.after)).toEqual([2, 4])
  })

  it('begins at the newest page when the room has grown since its head was read', async () => {
    wire.answer = () => ({ head: 302, items: [message(301), message(302)], more: false })
    const line = start()
    line.open(room, 3, 0)
    wire.ears.state('live')
    await settle()
    expect(seqs(line)).toEqual([301, 302])
    expect(line.view(room)?.older).toBe(true)
    expect(wire.of('chat.since')).toEqual([])
  })

  it('opens a long room near its end and loads older ones in front', async () => {
    wire.answer = () => ({ head: 101, items: [], more: false })
    const line = start()
    line.open(room, 100, 0)
    wire.ears.state('live')
    await settle()
    expect(wire.of('chat.open')).toEqual([{ room, after: 40 }])
    expect(line.view(room)?.older).toBe(true)
    await line.loadOlder(room)
    expect(seqs(line)).toEqual([39, 40])
  })
})

describe('after a break', () => {
  it('opens each room again after its last message and reads the lists again', async () => {
    wire.answer = (_, data) => {
      const after = data.after as number
      return after === 0 ? { head: 2, items: [message(1), message(2)], more: false } : { head: 3, items: [message(3)], more: false }
    }
    const line = start()
    line.open(room, 2, 0)
    wire.ears.state('live')
    await settle()
    expect(lists).toBe(0)
    wire.ears.state('broken')
    wire.ears.state('live')
    await settle()
    expect(wire.of('chat.open').map((one) => one.after)).toEqual([0, 2])
    expect(seqs(line)).toEqual([1, 2, 3])
    expect(lists).toBe(1)
  })
})

describe('the outbox', () => {
  function server(fail: (tries: number) => Error | undefined) {
    const written = new Map<string, number>()
    let tries = 0
    wire.answer = (method, data) => {
      if (method !== 'chat.post') return { head: written.size, items: [], more: false }
      const id = data.id as string
      const seq = written.get(id) ?? written.size + 1
      const error = fail(++tries)
      if (error instanceof Refused) throw error
      written.set(id, seq)
      if (error) throw error
      return { seq, at: '2026-11-23T10:00:01Z' }
    }
    return written
  }

  it('shows an acknowledged post once, whichever comes first', async () => {
    server(() => undefined)
    const line = start()
    line.open(room, 0, 0)
    wire.ears.state('live')
    await settle()
    line.post(room, 'hello')
    const id = line.view(room)?.pending[0]?.id ?? ''
    tell({ k: 'message', ...message(1, id) })
    await settle()
    expect(seqs(line)).toEqual([1])
    expect(line.view(room)?.pending).toEqual([])
  })

  it('reads up to its own acknowledged post, once', async () => {
    server(() => undefined)
    const line = start()
    line.open(room, 0, 0)
    wire.ears.state('live')
    await settle()
    line.post(room, 'hello')
    await settle()
    line.read(room, 1)
    await settle()
    expect(wire.of('chat.read')).toEqual([{ room, seq: 1 }])
  })

  it('sends again with the same id when the answer was lost, and the message is there once', async () => {
    const written = server((tries) => (tries === 1 ? new Broken() : undefined))
    const line = start()
    line.open(room, 0, 0)
    wire.ears.state('live')
    await settle()
    line.post(room, 'hello')
    await vi.advanceTimersByTimeAsync(2_000)
    const ids = wire.of('chat.post').map((one) => one.id)
    expect(ids).toHaveLength(2)
    expect(new Set(ids).size).toBe(1)
    expect(written.size).toBe(1)
    expect(seqs(line)).toEqual([1])
  })

  it('keeps posts while the line is broken, over a reload, and sends them in order', async () => {
    server(() => undefined)
    const before = start()
    before.open(room, 0, 0)
    before.post(room, 'first')
    before.post(room, 'second')
    await settle()
    expect(wire.of('chat.post')).toEqual([])

    const line = start()
    line.open(room, 0, 0)
    wire.ears.state('live')
    await settle()
    await settle()
    expect(wire.of('chat.post').map((one) => one.body)).toEqual(['first', 'second'])
    expect(line.view(room)?.items.map((item) => item.body)).toEqual(['first', 'second'])
    expect(sessionStorage.length).toBe(0)
  })

  it('never sends what another person left in the tab', async () => {
    sessionStorage.setItem('parlatory.outbox', JSON.stringify({ owner: 'someone-else', items: [{ id: 'x', room, body: 'b', at: 'a' }] }))
    start()
    wire.ears.state('live')
    await settle()
    expect(wire.of('chat.post')).toEqual([])
  })

  it('marks a refused post with the reason, and sends it again when asked', async () => {
    server((tries) => (tries === 1 ? new Refused(409, 'This enquiry is closed.') : undefined))
    const line = start()
    line.open(room, 0, 0)
    wire.ears.state('live')
    await settle()
    line.post(room, 'hello')
    await settle()
    const failed = line.view(room)?.pending[0]
    expect(failed?.failed).toBe('This enquiry is closed.')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(wire.of('chat.post')).toHaveLength(1)
    if (failed) line.retry(failed)
    await settle()
    expect(seqs(line)).toEqual([1])
  })

  it('waits and tries again when the server is busy', async () => {
    server((tries) => (tries < 3 ? new Refused(429, 'Too many.') : undefined))
    const line = start()
    line.open(room, 0, 0)
    wire.ears.state('live')
    await settle()
    line.post(room, 'hello')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(seqs(line)).toEqual([1])
  })
})

describe('typing and reading', () => {
  it('shows who types until they stop, post, or fall silent', async () => {
    const line = start()
    line.open(room, 0, 0)
    wire.ears.state('live')
    await settle()
    const by = { kind: 'visitor' as const, id: 'v1', name: 'Amara' }
    tell({ k: 'typing', room, by, on: true })
    expect(line.typingIn(room).map((one) => one.name)).toEqual(['Amara'])
    tell({ k: 'message', ...message(1) })
    expect(line.typingIn(room)).toEqual([])
    tell({ k: 'typing', room, by, on: true })
    await vi.advanceTimersByTimeAsync(7_000)
    expect(line.typingIn(room)).toEqual([])
    tell({ k: 'typing', room, by: { kind: 'staff', ...me }, on: true })
    expect(line.typingIn(room)).toEqual([])
  })

  it('moves the visitor forward only', async () => {
    const line = start()
    line.open(room, 0, 3)
    wire.ears.state('live')
    await settle()
    tell({ k: 'read', room, seq: 2, by: { kind: 'visitor', id: 'v1' } })
    expect(line.view(room)?.visitorRead).toBe(3)
    tell({ k: 'read', room, seq: 5, by: { kind: 'visitor', id: 'v1' } })
    expect(line.view(room)?.visitorRead).toBe(5)
  })

  it('shows nothing of a room that it may no longer read', async () => {
    wire.answer = () => ({ head: 1, items: [message(1)], more: false })
    const line = start()
    line.open(room, 1, 0)
    wire.ears.state('live')
    await settle()
    tell({ k: 'gone', room })
    expect(line.view(room)).toMatchObject({ state: 'refused', items: [] })
  })
})

describe('a post with files', () => {
  const file = { id: 'f1', name: 'plan.pdf', type: 'application/pdf', kind: 'document' as const, size: 10 }

  it('names them, shows them while it is on its way, and as a message afterwards', async () => {
    wire.answer = (method) => (method === 'chat.post' ? { seq: 1, at: '2026-11-23T10:00:00Z' } : { head: 0, items: [], more: false })
    const line = start()
    line.open(room, 0, 0)
    line.post(room, '', [file])
    expect(line.view(room)?.pending[0]?.files).toEqual([file])
    expect(JSON.parse(sessionStorage.getItem('parlatory.outbox') ?? '')).toMatchObject({ items: [{ files: [file] }] })
    wire.ears.state('live')
    await settle()
    expect(wire.of('chat.post')).toMatchObject([{ room, body: '', files: ['f1'] }])
    expect(line.view(room)?.items[0]).toMatchObject({ seq: 1, body: '', files: [file] })
    expect(line.view(room)?.pending).toEqual([])
  })

  it('without files names none', async () => {
    wire.answer = (method) => (method === 'chat.post' ? { seq: 1, at: '2026-11-23T10:00:00Z' } : { head: 0, items: [], more: false })
    const line = start()
    line.open(room, 0, 0)
    wire.ears.state('live')
    line.post(room, 'hello')
    await settle()
    expect(wire.of('chat.post')[0]).not.toHaveProperty('files')
  })

  it('hears when the server has looked at one', () => {
    const heard: string[] = []
    const line = new Line({ wire, me, storage: sessionStorage, listsChanged: () => undefined, older: () => Promise.resolve([]), fileChanged: (id, where) => { heard.push(`${id} in ${where}`) } })
    line.start()
    tell({ k: 'file', file: 'f1', room })
    expect(heard).toEqual([`f1 in ${room}`])
  })
})

describe('a room whose contact was erased', () => {
  it('is forgotten with what waits for it, and is not told of again', async () => {
    wire.answer = (method) => {
      if (method === 'chat.post') throw new Refused(409, 'This contact was erased.')
      return { head: 2, items: [message(1), message(2)], more: false }
    }
    const line = start()
    line.open(room, 2, 0)
    wire.ears.state('live')
    await settle()
    line.post(room, 'late')
    await settle()
    expect(line.view(room)?.pending).toHaveLength(1)
    line.forget(room)
    expect(line.view(room)).toBeUndefined()
    expect(line.outbox.all).toEqual([])
    expect(sessionStorage.getItem('parlatory.outbox')).toBeNull()
    expect(wire.of('chat.leave')).toEqual([{ room }])
    tell({ k: 'message', ...message(3) })
    expect(line.view(room)).toBeUndefined()
  })
})
