import type { Enquiry, Message } from '~/api'
import type { Pending } from '~/live/outbox'
import { dayKey } from '../format'

/** A line of the conversation as it is shown. */
export type Line =
  | { kind: 'day'; key: string; at: string }
  | { kind: 'new'; key: string }
  | { kind: 'event'; key: string; message: Message }
  | { kind: 'said'; key: string; message: Message; first: boolean; last: boolean }
  | { kind: 'pending'; key: string; item: Pending }

const together = 5 * 60_000

function joined(a: Message | undefined, b: Message | undefined): boolean {
  return !!a && !!b && !a.event && !b.event && a.by.kind === b.by.kind && a.by.id === b.by.id
    && dayKey(a.at) === dayKey(b.at) && Date.parse(b.at) - Date.parse(a.at) < together
}

/**
 * Lays a conversation out: a line above each day, "New" above the first message of others that was unread when the room
 * was opened, messages of one person within five minutes together, and last what is still on its way.
 */
export function layOut(messages: readonly Message[], pending: readonly Pending[], readBefore: number, me: string): Line[] {
  const lines: Line[] = []
  let marked = false
  messages.forEach((message, i) => {
    const before = messages[i - 1]
    const fresh = !marked && !!before && message.seq > readBefore && message.by.id !== me
    if (!before || dayKey(before.at) !== dayKey(message.at)) {
      lines.push({ kind: 'day', key: `day ${dayKey(message.at)}`, at: message.at })
    }
    if (fresh) {
      marked = true
      lines.push({ kind: 'new', key: 'new' })
    } else if (message.seq > readBefore) {
      marked = true // the first unread one is my own, or nothing stands above it: no line
    }
    if (message.event) lines.push({ kind: 'event', key: message.id, message })
    else lines.push({ kind: 'said', key: message.id, message, first: fresh || !joined(before, message), last: !joined(message, messages[i + 1]) })
  })
  for (const item of pending) lines.push({ kind: 'pending', key: item.id, item })
  return lines
}

/**
 * How many messages of an enquiry wait to be read. What staff wrote, and that somebody picked up or closed, is no news
 * to staff: only where the visitor spoke last is there anything to read, and in a closed enquiry nothing is left to do.
 */
export function unreadIn({ state, last, head, read }: Pick<Enquiry, 'state' | 'last' | 'head' | 'read'>): number {
  return state !== 'Closed' && last?.by === 'visitor' ? Math.max(0, head - read) : 0
}
