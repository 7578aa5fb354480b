import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common'

// The estimator and its word lists: 230 kB, a chunk of its own, loaded when somebody begins to write a new password.

const estimator = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs, maxLength: 128 })

export interface Guesses {
  /** 0 to 4: below 10^3, 10^6, 10^8, 10^10 guesses, or more. */
  score: number
  /** Names of sentences in words.ts. */
  warning?: string
  suggestions: string[]
}

/**
 * How hard a password is to guess for somebody who knows the person's own words: name, address, company. Those count for
 * nothing, so that what is left is judged.
 */
export function guesses(password: string, own: readonly string[]): Guesses {
  const words = own.flatMap((one) => one.toLowerCase().split(/[\s@.,_-]+/u)).filter((one) => one.length > 3)
  let rest = password.toLowerCase()
  for (const word of words) rest = rest.replaceAll(word, '')
  const { score, feedback } = estimator.check(password)
  if (rest.length === password.toLowerCase().length) return { score, warning: feedback.warning ?? undefined, suggestions: feedback.suggestions }
  return { score: Math.min(score, rest === '' ? 0 : estimator.check(rest).score), warning: 'userInputs', suggestions: feedback.suggestions }
}
