import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Refused } from './api'
import { Live } from './live'

class Socket {
  static all: Socket[] = []
  static last = () => Socket.all[Socket.all.length - 1] as Socket
  sent: string[] = []
  onopen: (() => void) | null = null
  onmessage: ((e: { data: string }) => void) | null = null
  onclose: ((e: { code: number }) => void) | null = null
  constructor(readonly url: string) {
    Socket.all.push(this)
  }
  send(s: string): void {
    this.sent.push(s)
  }
  close(): void {
    /* the program has let it go */
  }
  say(...lines: object[]): void {
    this.onmessage?.({ data: lines.map((l) => JSON.stringify(l)).join('\n') })
  }
  async greet(): Promise<void> {
    this.onopen?.()
    this.say({ id: (JSON.parse(this.sent[0] ?? '{}') as { id: number }).id, connect: { ping: 25, pong: true } })
    await vi.advanceTimersByTimeAsync(0)
  }
}

describe('the live line', () => {
  const heard: string[] = []
  const ends = {
    up: () => heard.push('up'),
    down: () => heard.push('down'),
    told: (t: { k: string }) => heard.push(`told ${t.k}`),
    ended: (code: number) => heard.push(`ended ${code}`),
  }
  let live: Live
  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('WebSocket', Socket)
    Socket.all = []
    heard.length = 0
    live = new Live('https://acme.example', 'secret', ends)
    live.connect()
  })
  afterEach(() => {
    live.disconnect()
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('puts the token into the first command, never into the address', async () => {
    const s = Socket.last()
    await s.greet()
    expect(s.url).toBe('wss://acme.example/widget/v1/live')
    expect(JSON.parse(s.sent[0] ?? '')).toEqual({ id: 1, connect: { data: { token: 'secret' }, name: 'widget' } })
    expect(heard).toEqual(['up'])
  })

  it('answers pings, and takes several lines of one frame', async () => {
    const s = Socket.last()
    await s.greet()
    s.say({}, { push: { channel: 'room', pub: { data: { k: 'typing' } } } }, { push: { channel: 'room', pub: { data: { k: 'read' } } } })
    expect(s.sent[1]).toBe('{}')
    expect(heard).toEqual(['up', 'told typing', 'told read'])
  })

  it('gives answers and refusals to who asked', async () => {
    const s = Socket.last()
    await s.greet()
    const first = live.ask('chat.post', { body: 'x' })
    const second = live.ask('chat.post', { body: 'y' })
    s.say({ id: 3, error: { code: 413, message: 'too long' } }, { id: 2, rpc: { data: { seq: 7 } } })
    await expect(first).resolves.toEqual({ seq: 7 })
    await expect(second).rejects.toMatchObject({ status: 413, final: true })
  })

  it('fails what waits when the line breaks, and comes back', async () => {
    await Socket.last().greet()
    const asked = live.ask('chat.post', {})
    Socket.last().onclose?.({ code: 1006 })
    await expect(asked).rejects.toBeInstanceOf(Refused)
    await vi.advanceTimersByTimeAsync(1000)
    expect(Socket.all).toHaveLength(2)
    await Socket.last().greet()
    expect(heard).toEqual(['up', 'down', 'up'])
  })

  it('notices a line that went silent', async () => {
    await Socket.last().greet()
    await vi.advanceTimersByTimeAsync(34_000)
    expect(heard).toEqual(['up'])
    await vi.advanceTimersByTimeAsync(3000)
    expect(heard).toEqual(['up', 'down'])
    expect(Socket.all.length).toBeGreaterThan(1)
  })

  it.each([4501, 4503, 3500])('does not come back after %i', async (code) => {
    await Socket.last().greet()
    Socket.last().onclose?.({ code })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(Socket.all).toHaveLength(1)
    expect(heard).toEqual(['up', 'down', `ended ${code}`])
  })

  it.each([4502, 3001, 3005])('comes back after %i', async (code) => {
    await Socket.last().greet()
    Socket.last().onclose?.({ code })
    await vi.advanceTimersByTimeAsync(1000)
    expect(Socket.all).toHaveLength(2)
  })

  it('leaves growing pauses while the server is away', async () => {
    for (let i = 0; i < 60; i++) {
      Socket.last().onclose?.({ code: 1006 })
      await vi.advanceTimersByTimeAsync(1000)
    }
    expect(Socket.all.length).toBeLessThan(35)
  })
})
