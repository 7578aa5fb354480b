import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { backgroundHeader } from './attended'
import { api } from './client'

const sent: Request[] = []
const marked = () => sent.at(-1)?.headers.get(backgroundHeader)
const list = () => api.GET('/api/v1/enquiries', { params: { query: { view: 'waiting' } }, baseUrl: 'https://acme.parlatory.example' })

beforeEach(() => {
  vi.useFakeTimers()
  vi.setSystemTime(vi.getRealSystemTime() + 3_600_000)
  vi.stubGlobal('fetch', (r: Request) => {
    sent.push(r)
    return Promise.resolve(new Response('{}', { status: 200 }))
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('what a page reads while nobody is at it', () => {
  it('says so, and says nothing of the kind after a key, a press or a turn of the wheel', async () => {
    await list()
    expect(marked()).toBe('1')
    for (const sign of ['keydown', 'pointerdown', 'wheel']) {
      window.dispatchEvent(new Event(sign))
      await list()
      expect(marked(), sign).toBeNull()
      vi.advanceTimersByTime(29_000)
      await list()
      expect(marked(), sign).toBeNull()
      vi.advanceTimersByTime(2_000)
      await list()
      expect(marked(), sign).toBe('1')
    }
  })
  it('is not what a person sends', async () => {
    await api.POST('/api/v1/signout', { baseUrl: 'https://acme.parlatory.example' })
    expect(marked()).toBeNull()
  })
})
