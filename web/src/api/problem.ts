import type { ProblemBody } from './types'

/** What the server's judge of forms says, as the rest of a sentence that a person would say. */
function plain(reason: string): string {
  const [, what, than, number] = /^expected (number|length|array length) (>=|<=) (\d+)$/.exec(reason) ?? []
  if (what === undefined || number === undefined) return /^expected /.test(reason) ? 'is not written in the way that is needed here' : reason
  const bound = `${than === '>=' ? 'at least' : 'at most'} ${number}`
  return what === 'number' ? `must be ${bound}` : what === 'length' ? `must have ${bound} ${number === '1' ? 'character' : 'characters'}` : `must have ${bound} ${number === '1' ? 'entry' : 'entries'}`
}

/** Why the server said no, in words that may be shown (RFC 9457). */
export class Problem extends Error {
  readonly status: number
  readonly kind: string
  /** What is wrong with which field. */
  readonly fields: Record<string, string>
  readonly retryAfter?: number

  constructor(status: number, body: ProblemBody) {
    super(body.detail ?? body.title ?? 'Something went wrong. Please try again.')
    this.name = 'Problem'
    this.status = status
    this.kind = body.type?.split('/').pop() ?? ''
    this.retryAfter = body.retry_after
    this.fields = {}
    for (const { name, reason } of body.errors ?? []) {
      if (name && reason) this.fields[name] = plain(reason)
    }
  }

  /** What stands for an answer when a step-up was asked for, and the person would rather not. */
  static readonly unproved: ProblemBody = { type: '/problems/unproved', detail: 'Nothing was changed, since you have not confirmed that it is you.' }

  /** Whether the person broke off a step-up. Nothing went wrong then, so that a form may stay silent. */
  get unproved(): boolean {
    return this.kind === 'unproved'
  }

  /** No answer came: the network is away, or the server is. */
  static unreachable(): Problem {
    return new Problem(0, { detail: 'The server cannot be reached. Check your connection and try again.' })
  }
}

export function problemOf(status: number, body: unknown): Problem {
  const sound = typeof body === 'object' && body !== null && !Array.isArray(body)
  return new Problem(status, sound ? body : {})
}

/** What to show for anything that was thrown. */
export function sentence(error: unknown): string {
  return error instanceof Problem ? error.message : 'Something went wrong in this page. Please try again.'
}
