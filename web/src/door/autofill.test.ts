import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { autofill, renewAfter } from './autofill'

let resting = false
let watched = true
const begin = vi.fn((): Promise<{ ceremony: string; options: unknown }> => Promise.resolve({ ceremony: 'c', options: {} }))
const show = vi.fn(() => new Promise<never>(() => undefined)) // waits for a person
const idle = vi.fn()
const start = () => autofill<string>({
  can: () => Promise.resolve(true), begin, show, finish: () => Promise.resolve('in'), then: () => undefined, refused: () => undefined,
  resting: () => resting, watched: () => watched, idle,
})
const settle = () => vi.advanceTimersByTimeAsync(1)

beforeEach(() => {
  vi.useFakeTimers()
  resting = false
  watched = true
  for (const one of [begin, show, idle]) one.mockClear()
})
afterEach(() => { vi.useRealTimers() })

describe('the offer of passkeys under the address', () => {
  it('is made anew before its challenge is too old', async () => {
    const end = start()
    await settle()
    expect(show).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(renewAfter)
    expect(show).toHaveBeenCalledTimes(2)
    end()
    await vi.advanceTimersByTimeAsync(3 * renewAfter)
    expect(begin).toHaveBeenCalledTimes(2)
  })
  it('takes the place of no dialog that the button has opened, neither when it grows old nor when its challenge comes late', async () => {
    start()
    await settle()
    resting = true
    await vi.advanceTimersByTimeAsync(2 * renewAfter)
    expect(show).toHaveBeenCalledTimes(1)

    resting = false
    let come: (begun: { ceremony: string; options: unknown }) => void = () => undefined
    begin.mockReturnValueOnce(new Promise((done) => { come = done }))
    start()
    await settle()
    resting = true
    come({ ceremony: 'late', options: {} })
    await settle()
    expect(show).toHaveBeenCalledTimes(1)
  })
  it('asks for nothing while nobody looks', async () => {
    start()
    await settle()
    watched = false
    await vi.advanceTimersByTimeAsync(3 * renewAfter)
    expect(begin).toHaveBeenCalledTimes(1)
    expect(idle).toHaveBeenCalledTimes(1)
  })
})
