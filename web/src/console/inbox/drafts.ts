const shelf = 'parlatory.drafts'
const kept = 50

/**
 * What was written and not sent, per room. It lives in memory and in the tab's storage, so that a reload loses nothing;
 * it goes at sign-out. The oldest go first when there are many.
 */
export class Drafts {
  readonly #texts: Map<string, string>
  readonly #owner: string
  readonly #storage: Storage

  constructor(owner: string, storage: Storage) {
    this.#owner = owner
    this.#storage = storage
    this.#texts = new Map(this.#load())
  }

  get(room: string): string {
    return this.#texts.get(room) ?? ''
  }

  set(room: string, text: string): void {
    this.#texts.delete(room)
    if (text !== '') this.#texts.set(room, text)
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= kept) break
      this.#texts.delete(oldest)
    }
    try {
      this.#storage.setItem(shelf, JSON.stringify({ owner: this.#owner, texts: [...this.#texts] }))
    } catch {
      // Full or switched off: memory keeps them while the page lives.
    }
  }

  #load(): [string, string][] {
    try {
      const found = JSON.parse(this.#storage.getItem(shelf) ?? 'null') as { owner?: string; texts?: unknown } | null
      if (found?.owner !== this.#owner || !Array.isArray(found.texts)) return []
      return found.texts.filter((pair): pair is [string, string] =>
        Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'string'))
    } catch {
      return []
    }
  }
}
