import { describe, expect, it } from 'vitest'
import { found } from './people'

const dana = { name: 'Dana Okafor', email: 'dana@acme.example' }

describe('a person is found', () => {
  it.each(['', 'dana', 'oka', 'Okafor Dana', 'dana@acme.example', 'acme', 'kafor'])('by %j', (typed) => { expect(found(dana, typed)).toBe(true) })
  it.each(['robin', 'dana vale', 'ka', 'dana okafor x'])('not by %j', (typed) => { expect(found(dana, typed)).toBe(false) })
  it('without a name or an address that may be seen', () => { expect(found({ name: '', email: undefined }, 'a')).toBe(false) })
})
