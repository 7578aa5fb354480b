import { type Failure, type Stand, upload, type Way } from './upload'

/** At most so many files go with one message, as the server has it. */
export const perMessage = 10

export type ItemState =
  | 'waiting' // for its turn
  | 'sending'
  | 'checking' // by the server: content and scanner
  | 'ready'
  | 'failed' // it may go on
  | 'refused' // for good
  | 'quarantined'

/** A file that somebody wants to send. A new object each time that something changes. */
export interface Item {
  /** Chosen here. */
  readonly id: string
  readonly name: string
  readonly size: number
  readonly type: string
  readonly state: ItemState
  /** Bytes that have arrived. */
  readonly sent: number
  /** Why it failed or was refused. */
  readonly why?: string
  /** As the server has it, once it was begun. */
  readonly stand?: Stand
  /** Whether it was recorded here. */
  readonly voice?: boolean
}

export interface TrayOptions {
  room: string
  way: Way
  /** Bytes of one file, as it stands now; what is larger is refused here, before a byte is sent. */
  most: () => number
  words: { tooLarge: (most: number) => string; empty: string; unreadable: string }
  uuid?: () => string
  /** Between two looks at a file that is being checked. */
  lookEach?: number
}

interface Job { file: File; stop: AbortController }

/** The files that stand by for the next message into a room. They are sent one after another, while one still writes. */
export class Tray {
  items: readonly Item[] = []
  readonly #options: TrayOptions
  readonly #jobs = new Map<string, Job>()
  readonly #listeners = new Set<() => void>()
  #running = false

  constructor(options: TrayOptions) {
    this.#options = options
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Whether something is under way, so that a page should not be left. */
  get busy(): boolean {
    return this.items.some((item) => item.state === 'waiting' || item.state === 'sending')
  }

  /** Whether all that stand here can go out. */
  get ready(): boolean {
    return this.items.every((item) => item.state === 'ready')
  }

  /** Puts files to the others, and gives how many were too many for one message. */
  add(files: readonly File[], voice = false): number {
    const fitting = files.slice(0, Math.max(0, perMessage - this.items.length))
    const { words } = this.#options
    const most = this.#options.most()
    const fresh = fitting.map((file): Item => {
      const id = (this.#options.uuid ?? (() => crypto.randomUUID()))()
      const why = file.size === 0 ? words.empty : file.size > most ? words.tooLarge(most) : undefined
      this.#jobs.set(id, { file, stop: new AbortController() })
      return { id, name: file.name, size: file.size, type: file.type, sent: 0, state: why ? 'refused' : 'waiting', ...(why ? { why } : {}), ...(voice ? { voice } : {}) }
    })
    this.#set([...this.items, ...fresh])
    void this.#run()
    return files.length - fitting.length
  }

  /** Gives a file up, wherever it stands. What the server has of it goes too. */
  remove(id: string): void {
    const item = this.items.find((one) => one.id === id)
    this.#jobs.get(id)?.stop.abort()
    this.#jobs.delete(id)
    this.#set(this.items.filter((one) => one.id !== id))
    if (item?.stand && item.state !== 'quarantined') this.#options.way.drop(item.stand.id).catch(() => undefined) // it runs out by itself
  }

  retry(id: string): void {
    const job = this.#jobs.get(id)
    if (!job) return
    job.stop = new AbortController()
    this.#change(id, { state: 'waiting', why: undefined })
    void this.#run()
  }

  /** Empties the tray: its files are a message's now. */
  take(): readonly Stand[] {
    const taken = this.items.flatMap((item) => item.stand ?? [])
    this.#jobs.clear()
    this.#set([])
    return taken
  }

  /** What is known of a file's picture before anything comes back: the file itself. */
  fileOf(id: string): File | undefined {
    return this.#jobs.get(id)?.file
  }

  /** The server says that a file of ours stands otherwise now. */
  heard(file: string): void {
    const item = this.items.find((one) => one.stand?.id === file && one.state === 'checking')
    if (item) void this.#look(item.id, file)
  }

  async #run(): Promise<void> {
    if (this.#running) return
    this.#running = true
    for (;;) {
      const next = this.items.find((item) => item.state === 'waiting')
      const job = next && this.#jobs.get(next.id)
      if (!next || !job) break
      await this.#send(next, job)
    }
    this.#running = false
  }

  async #send({ id, stand: known }: Item, { file, stop: { signal } }: Job): Promise<void> {
    const { way, room, words } = this.#options
    this.#change(id, { state: 'sending' })
    try {
      const stand = await upload(file, {
        way, room, client: id, signal, ...(known ? { known: known.id } : {}),
        told: (sent) => { this.#change(id, { sent }) },
        begun: (begun) => { this.#change(id, { stand: begun }) },
      })
      this.#stands(id, stand)
    } catch (error) {
      if (signal.aborted) return
      const { status, message } = error as Partial<Failure>
      const final = status === undefined || (status >= 400 && status < 500 && status !== 429 && status !== 401)
      this.#change(id, { state: final ? 'refused' : 'failed', why: status === undefined ? words.unreadable : message })
    }
  }

  #stands(id: string, stand: Stand): void {
    const state = stand.state === 'uploading' ? 'failed' : stand.state
    this.#change(id, { stand, state, sent: stand.size, ...(stand.reason ? { why: stand.reason } : {}) })
    if (state === 'checking') this.#later(id, stand.id)
  }

  /** The word that a check has ended may be lost with a connection, so that it is asked for too. */
  #later(id: string, file: string): void {
    setTimeout(() => { if (this.items.some((one) => one.id === id && one.state === 'checking')) void this.#look(id, file) }, this.#options.lookEach ?? 4_000)
  }

  async #look(id: string, file: string): Promise<void> {
    try {
      this.#stands(id, await this.#options.way.stand(file))
    } catch (error) {
      if ((error as Partial<Failure>).status === 404) this.#change(id, { state: 'refused', why: (error as Failure).message })
      else this.#later(id, file)
    }
  }

  #change(id: string, change: Partial<Item>): void {
    this.#set(this.items.map((item) => (item.id === id ? { ...item, ...change } : item)))
  }

  #set(items: readonly Item[]): void {
    this.items = items
    for (const listener of this.#listeners) listener()
  }
}
