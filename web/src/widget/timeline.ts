import type { Message, Page } from './wire'

// The one rule of order (the sequence of a room is given by the server, in the transaction that stored the message):
// the next number is shown, a lower one is a repeat and dropped, a higher one means that something is missing, and the
// room is asked for everything after the last number that stands here.

export type Verdict = 'applied' | 'dropped' | 'gap'

export class Timeline {
  items: Message[] = []
  /** The highest sequence up to which nothing is missing. */
  last: number
  /** The sequence from which the history was read; earlier messages may exist if it is above 1. */
  first: number

  constructor(after = 0) {
    this.last = after
    this.first = after + 1
  }

  /** A message told live. */
  told(m: Message): Verdict {
    if (m.seq <= this.last) return 'dropped'
    if (m.seq > this.last + 1) return 'gap'
    this.items.push(m)
    this.last = m.seq
    return 'applied'
  }

  /** The answer to "everything after `last`". Numbers may be missing in it: what a visitor may not see has one too. */
  caughtUp(page: Page): void {
    for (const m of [...page.items].sort((a, b) => a.seq - b.seq)) {
      if (m.seq <= this.last) continue
      this.items.push(m)
      this.last = m.seq
    }
    if (!page.more && page.head > this.last) this.last = page.head
  }

  /** A page of what was before the first message here. */
  earlier(items: readonly Message[]): void {
    const known = new Set(this.items.map((m) => m.seq))
    const older = items.filter((m) => m.seq < this.first && !known.has(m.seq)).sort((a, b) => a.seq - b.seq)
    this.items = [...older, ...this.items]
    this.first = older[0]?.seq ?? 1
  }

  has(id: string): boolean {
    return this.items.some((m) => m.id === id)
  }
}
