import { Problem, sentence } from '~/api/problem'
import { PasskeyError } from './webauthn'
import { words } from './words'

/** A reason beside a field as a whole sentence: the server writes them as the rest of one, such as "is not right". */
export function whole(name: string, reason: string): string {
  const subject = /^\p{Ll}/u.test(reason) && /^(is|was|has|must|may|can|does|needs) /.test(reason) ? words.subjects[name] : undefined
  const text = subject ? `${subject} ${reason}` : reason.charAt(0).toUpperCase() + reason.slice(1)
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** What went wrong with a proof, in words; nothing where the person broke it off. */
export function said(error: unknown): string {
  if (error instanceof PasskeyError) return error.broken ? '' : error.message
  if (!(error instanceof Problem)) return sentence(error)
  if (error.unproved) return ''
  const reasons = Object.entries(error.fields).map(([name, reason]) => whole(name, reason))
  return reasons.length > 0 ? reasons.join(' ') : sentence(error)
}
