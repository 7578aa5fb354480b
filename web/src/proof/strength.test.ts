import { describe, expect, it } from 'vitest'
import { guesses } from './guesses'
import { verdict } from './strength'
import { words } from './words'

const judge = (password: string, own: string[] = [], min = 12) => verdict(guesses(password, own), Array.from(password).length, min)

describe('the strength of a password', () => {
  it('names what is weak', () => {
    expect(judge('password1234').level).toBeLessThan(2)
    expect(judge('qwertyuiopas').why).toMatch(/\.$/)
    expect(judge('aaaaaaaaaaaaaa').why).toBe(words.strength.warnings['simpleRepeat'])
    expect(judge('abcabcabcabcabc').why).toBe(words.strength.warnings['extendedRepeat'])
  })
  it('knows the own words', () => {
    const own = ['Robin Vale', 'robin.vale@acme.example', 'Harbour and Pine']
    expect(judge('robinvaleharbour', own).level).toBe(0)
    expect(judge('Robin-Vale-2026', own)).toMatchObject({ level: 1, why: words.strength.warnings['userInputs'] })
    expect(judge('lamp orbit casket robin', own).level).toBe(4)
  })
  it('is content with several words that have nothing to do with each other', () => {
    const good = judge('lamp orbit casket tin')
    expect(good.level).toBe(4)
    expect(good.why).toBe(words.strength.good)
  })
  it('calls what is too short no better than weak, and counts what is missing', () => {
    const short = judge('xK9#q', [], 15)
    expect(short.level).toBeLessThanOrEqual(1)
    expect(short.help).toBe(words.strength.short(10))
  })
  it('has words for everything that the estimator says', () => {
    for (const one of ['password', 'qwerty', 'p@ssw0rd', 'drowssap', '12.11.1984', 'abcdefgh', 'asdfghjkl', 'aaa', 'Robin', '1qaz2wsx', '2024', 'PASSWORD', '']) {
      const found = guesses(one, ['Robin'])
      if (found.warning) expect(words.strength.warnings, found.warning).toHaveProperty(found.warning)
      for (const tip of found.suggestions) if (tip !== 'noNeed' && tip !== 'pwned') expect(words.strength.suggestions).toHaveProperty(tip)
    }
  })
})
