import type { Message } from '~/api/types'

/**
 * The messages of one room, in the order of their sequence, without gaps and without doubles. That is all it does:
 * next is applied, known is dropped, later is kept aside until the gap before it is filled (DESIGN section 9).
 */
export class RoomLog {
  /** Everything up to here was not asked for yet; older messages may exist when it is above 0. */
  start: number
  /** The sequence of the last message in order. */
  last: number
  items: readonly Message[] = []
  #early = new Map<number, Message>()

  constructor(start: number) {
    this.start = start
    this.last = start
  }

  /** Takes a message as it comes. False says that some before it are missing. */
  take(message: Message): boolean {
    return this.takeAll([message])
  }

  takeAll(messages: readonly Message[]): boolean {
    for (const message of messages) {
      if (message.seq > this.last) this.#early.set(message.seq, message)
    }
    const next: Message[] = []
    for (;;) {
      const message = this.#early.get(this.last + 1)
      if (!message) break
      this.#early.delete(message.seq)
      this.last = message.seq
      next.push(message)
    }
    if (next.length > 0) this.items = [...this.items, ...next]
    return this.#early.size === 0
  }

  /** Begins an empty room at the first of these: the server gave its newest, and what is before can be loaded later. */
  begin(messages: readonly Message[]): void {
    const first = messages[0]
    if (this.items.length > 0 || !first || first.seq <= this.last + 1) return
    this.start = this.last = first.seq - 1
  }

  /** Puts a page of older messages in front. Only those directly before the first are taken. */
  prepend(older: readonly Message[]): void {
    const fitting: Message[] = []
    for (const message of [...older].sort((a, b) => b.seq - a.seq)) {
      if (message.seq !== this.start - fitting.length) continue
      fitting.unshift(message)
    }
    if (fitting.length === 0) return
    this.start -= fitting.length
    this.items = [...fitting, ...this.items]
  }
}
