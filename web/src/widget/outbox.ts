import { Refused } from './api'
import { uuid } from './uuid'

// Messages on their way out. A post leaves the outbox when the server has acknowledged it, which it does only after
// the commit; until then it is sent again, with the same id, after each break. Posts of a room go out one after
// another, so that they arrive in the order in which they were written.

export interface Post {
  id: string
  room: string
  body: string
  at: string
  state: 'sending' | 'waiting' | 'failed'
  reason?: string
}

export interface Carrier {
  send(post: Post): Promise<void>
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

  add(room: string, body: string): Post {
    const post: Post = { id: uuid(), room, body, at: new Date().toISOString(), state: 'sending' }
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
  takeBack(id: string): string {
    const post = this.posts.find((p) => p.id === id && p.state === 'failed')
    if (!post) return ''
    this.acknowledged(id)
    return post.body
  }

  /** Sends what waits: after a connection, when the browser is online again, and by time. */
  flush(): void {
    for (const room of new Set(this.posts.map((p) => p.room))) void this.run(room)
  }

  private async run(room: string): Promise<void> {
    if (this.busy.has(room)) return
    this.busy.add(room)
    try {
      for (;;) {
        const post = this.posts.find((p) => p.room === room && p.state !== 'failed')
        if (!post) return
        if (!(await this.tried(post))) return
      }
    } finally {
      this.busy.delete(room)
    }
  }

  private async tried(post: Post): Promise<boolean> {
    try {
      await this.carrier.send(post)
      this.pause = 1000
      this.acknowledged(post.id)
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
    const { id, room, body, at, state, reason } = p as Record<string, unknown>
    if (typeof id !== 'string' || typeof room !== 'string' || typeof body !== 'string') continue
    const post: Post = {
      id,
      room,
      body,
      at: typeof at === 'string' ? at : new Date().toISOString(),
      state: state === 'failed' ? 'failed' : 'waiting',
    }
    if (typeof reason === 'string') post.reason = reason
    posts.push(post)
  }
  return posts
}
