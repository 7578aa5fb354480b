import { Refused } from './api'
import { uuid } from './uuid'
import type { MessageFile } from './wire'

// Messages on their way out. A post leaves the outbox when the server has acknowledged it, which it does only after
// the commit; until then it is sent again, with the same id, after each break. Posts of a room go out one after
// another, so that they arrive in the order in which they were written. One that the server has received and can't show
// yet is kept here without being sent again, until the real one comes with its id.

export interface Post {
  id: string
  room: string
  body: string
  at: string
  state: 'sending' | 'waiting' | 'failed' | 'kept'
  reason?: string
  files?: MessageFile[]
}

export interface Carrier {
  /** True: it stands in the room. False: it was received, and takes its place later. */
  send(post: Post): Promise<boolean>
  /** The plain sentence for a refusal. */
  explain(error: unknown): string
  load(): unknown
  save(posts: readonly Post[]): void
  changed(): void
  later(run: () => void, ms: number): void
}

const longestPause = 30_000

export class Outbox {
  private posts: Post[]
  private readonly busy = new Set<string>()
  private pause = 1000

  constructor(private readonly carrier: Carrier) {
    this.posts = restore(carrier.load())
  }

  of(room: string): readonly Post[] {
    return this.posts.filter((p) => p.room === room)
  }

  get rooms(): Set<string> {
    return new Set(this.posts.map((p) => p.room))
  }

  add(room: string, body: string, files: MessageFile[] = []): Post {
    const post: Post = { id: uuid(), room, body, at: new Date().toISOString(), state: 'sending' }
    if (files.length > 0) post.files = files
    this.posts.push(post)
    this.kept()
    void this.run(room)
    return post
  }

  retry(id: string): void {
    const post = this.posts.find((p) => p.id === id)
    if (!post) return
    post.state = 'sending'
    delete post.reason
    this.kept()
    void this.run(post.room)
  }

  /** The message stands in the room: by the answer to the post, or seen on the live line first. */
  acknowledged(id: string): void {
    const before = this.posts.length
    this.posts = this.posts.filter((p) => p.id !== id)
    if (this.posts.length !== before) this.kept()
  }

  /** Takes a failed post back, so that its writer can change it. */
  takeBack(id: string): Post | undefined {
    const post = this.posts.find((p) => p.id === id && p.state === 'failed')
    if (post) this.acknowledged(id)
    return post
  }

  /** Sends what waits: after a connection, when the browser is online again, and by time. */
  flush(): void {
    for (const room of this.rooms) void this.run(room)
  }

  private async run(room: string): Promise<void> {
    if (this.busy.has(room)) return
    this.busy.add(room)
    try {
      for (;;) {
        const post = this.posts.find((p) => p.room === room && p.state !== 'failed' && p.state !== 'kept')
        if (!post) return
        if (!(await this.tried(post))) return
      }
    } finally {
      this.busy.delete(room)
    }
  }

  private async tried(post: Post): Promise<boolean> {
    try {
      const stands = await this.carrier.send(post)
      this.pause = 1000
      if (stands) this.acknowledged(post.id)
      else {
        post.state = 'kept'
        this.kept()
      }
      return true
    } catch (e) {
      if (e instanceof Refused && e.final) {
        post.state = 'failed'
        post.reason = this.carrier.explain(e)
        this.kept()
        return true // the next post may be sound
      }
      post.state = 'waiting'
      this.kept()
      const asked = e instanceof Refused ? e.retryAfter * 1000 : 0
      this.carrier.later(() => this.flush(), Math.max(asked, this.pause))
      this.pause = Math.min(this.pause * 2, longestPause)
      return false
    }
  }

  private kept(): void {
    this.carrier.save(this.posts)
    this.carrier.changed()
  }
}

function restore(kept: unknown): Post[] {
  if (!Array.isArray(kept)) return []
  const posts: Post[] = []
  for (const p of kept as unknown[]) {
    if (typeof p !== 'object' || p === null) continue
    const { id, room, body, at, state, reason, files } = p as Record<string, unknown>
    if (typeof id !== 'string' || typeof room !== 'string' || typeof body !== 'string') continue
    const post: Post = {
      id,
      room,
      body,
      at: typeof at === 'string' ? at : new Date().toISOString(),
      state: state === 'failed' || state === 'kept' ? state : 'waiting',
    }
    const sound = Array.isArray(files) ? (files as unknown[]).filter(named) : []
    if (sound.length > 0) post.files = sound
    if (typeof reason === 'string') post.reason = reason
    posts.push(post)
  }
  return posts
}

function named(f: unknown): f is MessageFile {
  if (typeof f !== 'object' || f === null) return false
  const { id, name, size } = f as Record<string, unknown>
  return typeof id === 'string' && typeof name === 'string' && typeof size === 'number'
}
