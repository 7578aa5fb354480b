// What stays in the visitor's browser. `localStorage` of the host page holds the visitor's token and the name that
// they gave, under one key for each workspace; `sessionStorage` holds what must survive a change of page within the
// tab: messages that are not acknowledged yet, and whether the panel was open. No cookie, on no site.
// A browser may refuse storage altogether (private mode, blocked third parties, a sandboxed frame): then the same
// calls keep everything in memory, and the chat works until the page is left.

export interface Visitor {
  token: string
  name: string
  /** The conversation that was open last: while the workspace can't tell which ones there are, it can still be written to. */
  room?: string
}

type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/** Tries the storage once by writing; a refusal of any kind gives a shelf in memory instead. */
export function shelf(open: () => Shelf): Shelf {
  const memory = new Map<string, string>()
  const fallback: Shelf = {
    getItem: (k) => memory.get(k) ?? null,
    setItem: (k, v) => void memory.set(k, v),
    removeItem: (k) => void memory.delete(k),
  }
  try {
    const s = open()
    s.setItem('parlatory?', '1')
    s.removeItem('parlatory?')
    return {
      getItem: (k) => memory.get(k) ?? read(s, k),
      setItem: (k, v) => {
        try {
          s.setItem(k, v)
          memory.delete(k)
        } catch {
          memory.set(k, v) // full, or switched off meanwhile
        }
      },
      removeItem: (k) => {
        memory.delete(k)
        try {
          s.removeItem(k)
        } catch {
          /* nothing is kept then */
        }
      },
    }
  } catch {
    return fallback
  }
}

function read(s: Shelf, key: string): string | null {
  try {
    return s.getItem(key)
  } catch {
    return null
  }
}

export const visitorKey = (origin: string) => `parlatory:${origin}`

/** Everything that the widget keeps for one workspace. */
export class Keep {
  private readonly long: Shelf
  private readonly short: Shelf
  private readonly key: string

  constructor(origin: string, long: () => Shelf = () => localStorage, short: () => Shelf = () => sessionStorage) {
    this.long = shelf(long)
    this.short = shelf(short)
    this.key = visitorKey(origin)
  }

  visitor(): Visitor | undefined {
    const v = parse(this.long.getItem(this.key))
    if (!v || typeof v !== 'object' || !('token' in v) || typeof v.token !== 'string' || v.token === '') return undefined
    const name = 'name' in v && typeof v.name === 'string' ? v.name : ''
    return { token: v.token, name, ...('room' in v && typeof v.room === 'string' ? { room: v.room } : {}) }
  }

  setVisitor(v: Visitor): void {
    this.long.setItem(this.key, JSON.stringify({ token: v.token, name: v.name, room: v.room }))
  }

  forget(): void {
    this.long.removeItem(this.key)
    this.short.removeItem(`${this.key}:outbox`)
    this.short.removeItem(`${this.key}:open`)
  }

  get open(): boolean {
    return this.short.getItem(`${this.key}:open`) === '1'
  }

  set open(on: boolean) {
    if (on) this.short.setItem(`${this.key}:open`, '1')
    else this.short.removeItem(`${this.key}:open`)
  }

  loadOutbox(): unknown {
    return parse(this.short.getItem(`${this.key}:outbox`))
  }

  saveOutbox(posts: readonly unknown[]): void {
    if (posts.length === 0) this.short.removeItem(`${this.key}:outbox`)
    else this.short.setItem(`${this.key}:outbox`, JSON.stringify(posts))
  }
}

function parse(s: string | null): unknown {
  if (s === null) return undefined
  try {
    return JSON.parse(s) as unknown
  } catch {
    return undefined
  }
}
