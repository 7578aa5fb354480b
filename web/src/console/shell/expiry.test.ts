import { expect, it } from 'vitest'
import { daysLeft } from './expiry'

const now = Date.parse('2026-11-24T10:00:00Z')

it.each([
  ['2026-12-24T10:00:00Z', undefined],
  ['2026-12-01T10:00:01Z', undefined],
  ['2026-12-01T10:00:00Z', 6],
  ['2026-11-25T11:00:00Z', 1],
  ['2026-11-24T23:00:00Z', 0],
  ['2026-11-20T10:00:00Z', 0],
  ['never', undefined],
])('a password that is good until %s leaves %s days to warn of', (until, left) => { expect(daysLeft(until, now)).toBe(left) })
