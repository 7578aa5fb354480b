import type { Guesses } from './guesses'
import { words } from './words'

const w = words.strength

export interface Verdict {
  /** 0 to 4. */
  level: number
  name: string
  /** What is weak, or good, about it. */
  why: string
  /** What would help. */
  help: string
}

/** Puts an estimate into words. What is too short is at most weak, whatever it is made of; nothing is ever forbidden here. */
export function verdict(found: Guesses, length: number, min: number): Verdict {
  const missing = Math.max(0, min - length)
  const level = missing > 0 ? Math.min(found.score, 1) : found.score
  const why = (found.warning && w.warnings[found.warning]) ?? (level >= 3 ? w.good : '')
  const tips = found.suggestions.map((name) => w.suggestions[name]).filter((tip) => tip !== undefined)
  // The estimator always begins with "another word"; a closer hint says more.
  const tip = (tips.length > 1 ? tips[1] : tips[0]) ?? w.more
  const help = missing > 0 ? w.short(missing) : level >= 3 ? w.own : tip
  return { level, name: w.levels[level] ?? '', why, help }
}
