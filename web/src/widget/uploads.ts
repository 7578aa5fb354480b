import { Refused } from './api'
import { uuid } from './uuid'
import type { MessageFile, Stand } from './wire'

// Files on their way to the server, before a message names them. They go one after another, in parts. Where the way was
// cut, the server is asked which parts it has, and the others are sent. What stands here is lost with the page, as
// a draft is; the server forgets what no message has named within a day.

export interface Upload {
  id: string
  room: string
  name: string
  size: number
  type: string
  state: 'sending' | 'waiting' | 'checking' | 'ready' | 'failed'
  /** Bytes that the server has, or is getting. */
  sent: number
  reason?: string
  /** Whether the same may work when it is tried again. */
  again?: boolean
  /** Absent where the server has all of it. */
  blob?: Blob
  file?: MessageFile
  stop?: AbortController
}

export interface Dock {
  announce(room: string, f: { id: string; name: string; size: number; type: string }): Promise<Stand>
  stand(file: string): Promise<Stand>
  part(file: string, n: number, bytes: Blob, signal: AbortSignal, moved: (sent: number) => void): Promise<void>
  complete(file: string): Promise<Stand>
  drop(file: string): Promise<void>
}

export interface Around {
  explain(error: unknown): string
  changed(): void
  later(run: () => void, ms: number): void
}

/** How many files one message may bring. */
export const most = 10
const tries = 6
const longest = 30_000

export class Uploads {
  private all: Upload[] = []
  private busy = false
  private failures = 0

  constructor(
    private readonly dock: Dock,
    private readonly around: Around,
  ) {}

  of(room: string): readonly Upload[] {
    return this.all.filter((u) => u.room === room)
  }

  /** Takes as many files as the message has room for; the number of those that are left over. */
  add(room: string, files: readonly File[]): number {
    const free = Math.max(0, most - this.of(room).length)
    for (const f of files.slice(0, free)) {
      const u: Upload = { id: uuid(), room, name: f.name || 'file', size: f.size, type: f.type, state: 'sending', sent: 0, blob: f }
      this.all.push(u)
    }
    this.around.changed()
    void this.run()
    return Math.max(0, files.length - free)
  }

  /** Puts files back that are on the server already, from a message that was taken back. */
  back(room: string, files: readonly MessageFile[]): void {
    for (const file of files)
      this.all.push({ id: file.id, room, name: file.name, size: file.size, type: file.type, state: 'ready', sent: file.size, file })
    this.around.changed()
  }

  remove(id: string): void {
    const u = this.all.find((one) => one.id === id)
    if (!u) return
    this.all = this.all.filter((one) => one !== u)
    u.stop?.abort()
    if (u.file) this.dock.drop(u.file.id).catch(() => undefined) // else the server lets it go within a day
    this.around.changed()
  }

  retry(id: string): void {
    const u = this.all.find((one) => one.id === id && one.state === 'failed')
    if (!u) return
    this.failures = 0
    u.state = 'sending'
    delete u.reason
    this.around.changed()
    void this.run()
  }

  /** The files of a message that goes out now. */
  claim(room: string): MessageFile[] {
    const files = this.of(room).flatMap((u) => (u.state === 'ready' && u.file ? [u.file] : []))
    this.all = this.all.filter((u) => u.room !== room || u.state !== 'ready')
    return files
  }

  /** Goes on: the connection is back. */
  flush(): void {
    void this.run()
  }

  /** The server has looked at a file. */
  told(file: string): void {
    const u = this.all.find((one) => one.file?.id === file && one.state === 'checking')
    if (u) void this.look(u)
  }

  private async run(): Promise<void> {
    if (this.busy) return
    this.busy = true
    try {
      for (;;) {
        const u = this.all.find((one) => one.state === 'sending' || one.state === 'waiting')
        if (!u || !(await this.tried(u))) return
      }
    } finally {
      this.busy = false
    }
  }

  /** Whether the next file may go. */
  private async tried(u: Upload): Promise<boolean> {
    const before = u.sent
    try {
      u.state = 'sending'
      u.stop = new AbortController()
      await this.carry(u, u.stop.signal)
      this.failures = 0
      return true
    } catch (e) {
      if (u.stop?.signal.aborted) return true // taken away
      if (u.sent > before) this.failures = 0
      return this.failed(u, e instanceof Refused ? e : new Refused(0))
    } finally {
      this.around.changed()
    }
  }

  private async carry(u: Upload, signal: AbortSignal): Promise<void> {
    let s = await this.begun(u)
    if (signal.aborted) {
      this.dock.drop(s.id).catch(() => undefined)
      return
    }
    u.file = plain(s)
    if (s.state === 'uploading') {
      await this.parts(u, s, signal)
      s = await this.dock.complete(s.id)
    }
    this.settle(u, s, 0)
  }

  /** Asks how a file stands that was begun; begins it where the server does not know it, or not any more. */
  private async begun(u: Upload): Promise<Stand> {
    if (u.file) {
      try {
        return await this.dock.stand(u.file.id)
      } catch (e) {
        if (!(e instanceof Refused && e.status === 404)) throw e
        delete u.file
      }
    }
    return this.dock.announce(u.room, { id: u.id, name: u.name, size: u.size, type: u.type })
  }

  private async parts(u: Upload, s: Stand, signal: AbortSignal): Promise<void> {
    const have = new Set(s.have ?? [])
    const length = (n: number) => Math.min(s.part_size, u.size - (n - 1) * s.part_size)
    let sent = 0
    for (const n of have) sent += length(n)
    for (let n = 1; n <= s.parts; n++) {
      if (have.has(n)) continue
      u.sent = sent
      const from = (n - 1) * s.part_size
      const bytes = (u.blob ?? new Blob()).slice(from, from + length(n))
      await this.dock.part(s.id, n, bytes, signal, (moved) => {
        u.sent = sent + Math.min(moved, length(n))
        this.around.changed()
      })
      sent += length(n)
    }
    u.sent = u.size
    this.around.changed()
  }

  private settle(u: Upload, s: Stand, looks: number): void {
    u.file = plain(s)
    delete u.reason
    u.sent = u.size
    if (s.state === 'checking') {
      u.state = 'checking'
      // The live line tells too; where it is down, asking does.
      this.around.later(() => void this.look(u, looks + 1), Math.min(longest, 3000 * 2 ** looks))
      return
    }
    u.state = s.state === 'ready' ? 'ready' : 'failed'
    delete u.blob
    if (u.state === 'failed') {
      u.again = false
      u.reason = s.reason ?? ''
    }
  }

  private async look(u: Upload, looks = 0): Promise<void> {
    if (u.state !== 'checking' || !u.file || !this.all.includes(u)) return
    try {
      this.settle(u, await this.dock.stand(u.file.id), looks)
    } catch (e) {
      if (e instanceof Refused && e.final) this.failed(u, e)
      else this.around.later(() => void this.look(u, looks + 1), Math.min(longest, 3000 * 2 ** looks))
    }
    this.around.changed()
  }

  private failed(u: Upload, e: Refused): boolean {
    u.reason = this.around.explain(e)
    const passes = !e.final && e.retryAfter <= 60
    if (!passes || ++this.failures >= tries) {
      u.state = 'failed'
      u.again = e.status !== 413 && e.status !== 422
      return true
    }
    u.state = 'waiting'
    this.around.later(
      () => {
        this.flush()
      },
      Math.max(e.retryAfter * 1000, Math.min(longest, 1000 * 2 ** (this.failures - 1))),
    )
    return false
  }
}

/** Of a file, what a message says of it. */
function plain(s: Stand): MessageFile {
  const { id, name, type, kind, size, w, h } = s
  return { id, name, type, kind, size, ...(w && h ? { w, h } : {}) }
}
