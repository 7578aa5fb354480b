import { expect, it } from 'vitest'
import { idOf } from './queries'

it('takes an id as people paste it, and nothing else', () => {
  const id = '0198a1b2-0000-7000-8000-00000000abcd'
  expect(idOf(`  ${id.toUpperCase()}\n`)).toBe(id)
  for (const typed of ['', 'Grace Hopper', id.slice(1), `${id}0`, `${id} ${id}`]) expect(idOf(typed)).toBeUndefined()
})
