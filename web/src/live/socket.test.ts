import { beforeEach, describe, expect, it, vi } from 'vitest'
import { socket } from './socket'

const hears = new Map<string, (said: { code: number }) => void>()
const connect = vi.fn()
vi.mock('centrifuge', () => ({
  Centrifuge: class {
    on(event: string, hear: (said: { code: number }) => void) { hears.set(event, hear) }
    connect() { connect() }
  },
}))

describe('a socket that is not let in, as if its session had ended', () => {
  beforeEach(() => { connect.mockReset() })

  it.each([[true, 'broken', 2], [undefined, 'broken', 2], [false, 'ended', 1]] as const)('asks whether somebody is signed in: %s', async (known, state, connects) => {
    vi.useFakeTimers()
    const states: string[] = []
    socket(() => Promise.resolve(known)).start({ state: (now) => { states.push(now) }, told: () => undefined })
    hears.get('disconnected')?.({ code: 4501 })
    await vi.advanceTimersByTimeAsync(7_000)
    expect(states).toEqual([state])
    expect(connect).toHaveBeenCalledTimes(connects)
    vi.useRealTimers()
  })

  it('needs not ask where it stood: the end is its own session’s', () => {
    const states: string[] = []
    const asked = vi.fn(() => Promise.resolve(true))
    socket(asked).start({ state: (now) => { states.push(now) }, told: () => undefined })
    hears.get('connecting')?.({ code: 0 })
    hears.get('connected')?.({ code: 0 })
    hears.get('disconnected')?.({ code: 4501 })
    expect(states).toEqual(['connecting', 'live', 'ended'])
    expect(asked).not.toHaveBeenCalled()
  })
})
