import { beforeEach, describe, expect, it } from 'vitest'
import { Keep, visitorKey } from './keep'
import { uuid } from './uuid'

const origin = 'https://acme.parlatory.example'
const blocked = (): Storage => {
  throw new DOMException('denied', 'SecurityError')
}

describe('what stays in the browser', () => {
  beforeEach(() => {
    localStorage.clear()
    sessionStorage.clear()
  })

  it('keeps the token and the name for one workspace, and no cookie', () => {
    new Keep(origin).setVisitor({ token: 't', name: 'Ann' })
    expect(new Keep(origin).visitor()).toEqual({ token: 't', name: 'Ann' })
    expect(new Keep('https://other.parlatory.example').visitor()).toBeUndefined()
    expect(Object.keys(localStorage)).toEqual([visitorKey(origin)])
    expect(document.cookie).toBe('')
  })

  it('forgets all of it', () => {
    const keep = new Keep(origin)
    keep.setVisitor({ token: 't', name: 'Ann' })
    keep.saveOutbox([{ id: '1' }])
    keep.open = true
    keep.forget()
    expect(localStorage.length + sessionStorage.length).toBe(0)
  })

  it('works in memory where storage is blocked', () => {
    const keep = new Keep(origin, blocked, blocked)
    keep.setVisitor({ token: 't', name: 'Ann' })
    keep.saveOutbox([1])
    keep.open = true
    expect(keep.visitor()).toEqual({ token: 't', name: 'Ann' })
    expect(keep.loadOutbox()).toEqual([1])
    expect(keep.open).toBe(true)
    expect(localStorage.length + sessionStorage.length).toBe(0)
  })

  it('works in memory when storage is full or is switched off later', () => {
    let full = false
    const map = new Map<string, string>()
    const shelf = () => ({
      getItem: (k: string) => map.get(k) ?? null,
      setItem: (k: string, v: string) => {
        if (full) throw new DOMException('full', 'QuotaExceededError')
        map.set(k, v)
      },
      removeItem: (k: string) => {
        map.delete(k)
      },
    })
    const keep = new Keep(origin, shelf, shelf)
    keep.setVisitor({ token: 'old', name: '' })
    full = true
    keep.setVisitor({ token: 'new', name: '' })
    expect(keep.visitor()?.token).toBe('new')
  })

  it('takes nothing odd for a visitor', () => {
    for (const odd of ['', '{', 'null', '[]', '"t"', '{"token":7}', '{"token":""}', '{"name":"Ann"}']) {
      localStorage.setItem(visitorKey(origin), odd)
      expect(new Keep(origin).visitor()).toBeUndefined()
    }
  })
})

describe('ids', () => {
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  it('are UUIDs with and without randomUUID', () => {
    expect(uuid()).toMatch(form)
    const old = { getRandomValues: crypto.getRandomValues.bind(crypto) }
    expect(uuid(old)).toMatch(form)
    expect(uuid(old)).not.toBe(uuid(old))
  })
})
