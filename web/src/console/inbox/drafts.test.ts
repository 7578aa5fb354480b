import { beforeEach, describe, expect, it } from 'vitest'
import { Drafts } from './drafts'

beforeEach(() => { sessionStorage.clear() })

describe('drafts', () => {
  it('keeps one a room, over a reload', () => {
    const before = new Drafts('me', sessionStorage)
    before.set('a', 'for a')
    before.set('b', 'for b')
    before.set('a', '')
    const after = new Drafts('me', sessionStorage)
    expect([after.get('a'), after.get('b')]).toEqual(['', 'for b'])
  })

  it('never shows another person what was written', () => {
    new Drafts('me', sessionStorage).set('a', 'mine')
    expect(new Drafts('you', sessionStorage).get('a')).toBe('')
  })

  it('drops the oldest when there are many', () => {
    const drafts = new Drafts('me', sessionStorage)
    for (let i = 0; i <= 50; i++) drafts.set(String(i), 'text')
    expect([drafts.get('0'), drafts.get('1')]).toEqual(['', 'text'])
  })

  it('starts empty on rubbish', () => {
    sessionStorage.setItem('parlatory.drafts', '{"owner":"me","texts":[["a"],5,["b","kept"]]}')
    const drafts = new Drafts('me', sessionStorage)
    expect([drafts.get('a'), drafts.get('b')]).toEqual(['', 'kept'])
    sessionStorage.setItem('parlatory.drafts', 'rubbish')
    expect(new Drafts('me', sessionStorage).get('b')).toBe('')
  })

  it('goes on when the storage is full', () => {
    const full = { getItem: () => null, setItem: () => { throw new DOMException('full') } } as unknown as Storage
    const drafts = new Drafts('me', full)
    drafts.set('a', 'text')
    expect(drafts.get('a')).toBe('text')
  })
})
