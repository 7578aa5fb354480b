import { describe, expect, it } from 'vitest'
import { match } from './keys'

const list = [{ keys: 'j' }, { keys: 'g i' }, { keys: 'g a' }, { keys: 'mod+k' }, {}]

describe('match', () => {
  it('finds single keys', () => { expect(match(list, '', 'j')).toBe(list[0]) })
  it('waits after the first key of a chain', () => { expect(match(list, '', 'g')).toBe('chain') })
  it('finds the second key of a chain', () => { expect(match(list, 'g', 'a')).toBe(list[2]) })
  it('takes a single key after a broken chain', () => { expect(match(list, 'g', 'j')).toBe(list[0]) })
  it('knows nothing of other keys', () => { expect(match(list, 'x', 'i')).toBeUndefined() })
})
