import type { MessageFile } from '~/api/types'

/** A message that the server has not acknowledged. */
export interface Pending {
  id: string
  room: string
  body: string
  at: string
  /** What goes with it: the server has them already. */
  files?: readonly MessageFile[]
  /** Why it was refused for good. Undefined while it is on its way. */
  failed?: string
}

const shelf = 'parlatory.outbox'

/**
 * What waits for an acknowledgement. It outlives a reload of the page, since it lies in the tab's own storage, and goes
 * with the tab or at sign-out. A message keeps its id however often it is sent, so that it arrives once.
 */
export class Outbox {
  #items: readonly Pending[]
  readonly #owner: string
  readonly #storage: Storage

  constructor(owner: string, storage: Storage) {
    this.#owner = owner
    this.#storage = storage
    this.#items = this.#load()
  }

  get all(): readonly Pending[] {
    return this.#items
  }

  of(room: string): readonly Pending[] {
    return this.#items.filter((item) => item.room === room)
  }

  put(item: Pending): void {
    this.#set([...this.#items, item])
  }

  /** Removes one, because it was acknowledged or given up. */
  drop(id: string): void {
    this.#set(this.#items.filter((item) => item.id !== id))
  }

  mark(id: string, failed: string | undefined): void {
    this.#set(this.#items.map((item) => (item.id === id ? { ...item, failed } : item)))
  }

  #set(items: readonly Pending[]): void {
    this.#items = items
    try {
      if (items.length === 0) this.#storage.removeItem(shelf)
      else this.#storage.setItem(shelf, JSON.stringify({ owner: this.#owner, items }))
    } catch {
      // The storage is full or switched off. The messages stay in memory, which is enough while the page lives.
    }
  }

  #load(): readonly Pending[] {
    try {
      const kept = JSON.parse(this.#storage.getItem(shelf) ?? 'null') as { owner?: string; items?: Pending[] } | null
      return kept?.owner === this.#owner && Array.isArray(kept.items) ? kept.items.filter(sound) : []
    } catch {
      return []
    }
  }
}

function sound(item: Pending): boolean {
  return [item.id, item.room, item.body, item.at].every((part) => typeof part === 'string') && (item.files === undefined || Array.isArray(item.files))
}
