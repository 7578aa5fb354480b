import { describe, expect, it } from 'vitest'
import { ago, badge, dayKey, dayName, device, language, place, where } from './format'

const now = new Date(2026, 10, 23, 12, 0, 0).getTime()
const back = (ms: number) => new Date(now - ms).toISOString()
const hour = 3_600_000

describe('ago', () => {
  it.each([
    [5_000, 'now'], [61_000, '1m'], [59 * 60_000, '59m'], [hour, '1h'], [23 * hour, '23h'], [24 * hour, '1d'], [6 * 24 * hour, '6d'],
  ])('%d ms is %s', (ms, want) => { expect(ago(back(ms), now)).toBe(want) })

  it('becomes a date after a week, with the year when it is another', () => {
    expect(ago(new Date(2026, 2, 3, 9).toISOString(), now)).toMatch(/Mar/)
    expect(ago(new Date(2025, 2, 3, 9).toISOString(), now)).toMatch(/2025/)
  })

  it('survives a clock that is ahead, and rubbish', () => {
    expect(ago(back(-90_000), now)).toBe('now')
    expect(ago('rubbish', now)).toBe('')
  })
})

describe('days', () => {
  it('names today and yesterday by the calendar, not by 24 hours', () => {
    expect(dayName(new Date(2026, 10, 23, 0, 1).toISOString(), now)).toBe('Today')
    expect(dayName(new Date(2026, 10, 22, 23, 59).toISOString(), now)).toBe('Yesterday')
    expect(dayName(new Date(2026, 10, 21, 23, 59).toISOString(), now)).toMatch(/21/)
  })
  it('tells days apart', () => {
    expect(dayKey(new Date(2026, 0, 1, 0, 5).toISOString())).not.toBe(dayKey(new Date(2025, 11, 31, 23, 55).toISOString()))
  })
})

describe('small things', () => {
  it('shortens addresses', () => { expect(place('https://shop.example/cart/')).toBe('shop.example/cart') })
  it('names browsers', () => {
    expect(device('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36')).toBe('Chrome on Linux')
    expect(device('Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148 Safari/604.1')).toBe('Safari on iPhone')
    expect(device('curl/8.1')).toBe('curl/8.1')
  })
  it('says where somebody wrote from', () => {
    expect(where({ site: 'https://shop.example', page: '/cart' })).toBe('shop.example/cart')
    expect(where({ site: 'https://shop.example', page: '/' })).toBe('shop.example')
    expect(where({ site: 'https://shop.example', page: 'https://shop.example/a' })).toBe('shop.example/a')
    expect(where({ site: 'https://shop.example' })).toBe('shop.example')
  })
  it('names languages and passes unknown ones', () => {
    expect(language('de')).toBe('German')
    expect(language('!!')).toBe('!!')
  })
  it('bounds badges', () => {
    expect(badge(7)).toBe('7')
    expect(badge(120)).toBe('99+')
  })
})
