import type { Message, Person } from '~/api/types'

/** What the server tells without being asked. */
export type Told =
  | ({ k: 'message' } & Message)
  | { k: 'typing'; room: string; by: Person; on: boolean }
  | { k: 'read'; room: string; seq: number; by: { kind: Person['kind']; id?: string } }
  | { k: 'enquiry'; enquiry: string; room: string }
  | { k: 'file'; file: string; room: string }
  | { k: 'gone'; room: string }

/** The answer of chat.open and chat.since. */
export interface Stretch {
  head: number
  items: Message[]
  more: boolean
}

export type WireState = 'connecting' | 'live' | 'broken' | 'ended'

/** A connection to the server that mends itself. The program has one; tests put their own in its place. */
export interface Wire {
  start(ears: WireEars): void
  stop(): void
  /** Fails with Refused when the server said no, with Broken when no answer came. */
  ask(method: string, data: object): Promise<unknown>
}

export interface WireEars {
  state(now: WireState): void
  told(data: Told): void
}

/** The server answered, and the answer is no. */
export class Refused extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.name = 'Refused'
    this.code = code
  }

  /** Whether the same question may be answered later. */
  get passing(): boolean {
    return this.code < 400 || this.code === 429 || this.code >= 500
  }
}

/** No answer came. The question may or may not have been heard, so that only repeatable ones are asked again. */
export class Broken extends Error {
  constructor() {
    super('The connection broke.')
    this.name = 'Broken'
  }
}
