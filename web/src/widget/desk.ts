import { Api, Refused } from './api'
import { Keep, type Visitor } from './keep'
import { Live } from './live'
import { Outbox, type Post } from './outbox'
import { Timeline } from './timeline'
import { Uploads } from './uploads'
import { isAnswer, isLine, type Beginning, type Config, type Enquiry, type Message, type Page, type Place, type Told } from './wire'
import { explain, explainFile } from './words'

// The state behind the panel: who the visitor is, their enquiries, and the rooms that have been read so far. It knows
// no element of the page; the panel draws what stands here each time `changed` is called.

export interface Talk {
  enquiry: Enquiry
  timeline: Timeline
  ready: boolean
  catching: boolean
  again: boolean
  typing: { name: string; until: number } | undefined
  /** Known from this browser alone, while the workspace can't tell. */
  guess: boolean
}

export type Line = 'idle' | 'up' | 'down'

const page = 60
/** How many small pictures are held, so that a conversation is not fetched again each time it is looked at. */
const thumbs = 80

export class Desk {
  config: Config | undefined
  visitor: Visitor | undefined
  talks = new Map<string, Talk>() // by room, newest first
  listed = false
  line: Line = 'idle'
  /** Earlier conversations could not be read any more, and why. */
  lost = false
  /** Why the workspace does not hear this visitor right now, in its own words; empty while it does. */
  barred = ''
  /** Why the workspace can't be read right now, in its own words; empty while it can. What is written is received. */
  away = ''
  private looks = 0
  private lookAt = 0
  readonly outbox: Outbox
  readonly uploads: Uploads
  private readonly api: Api
  private readonly pictures = new Map<string, Promise<Blob>>()
  private readonly keep: Keep
  private live: Live | undefined
  private typedAt = 0
  private polling: ReturnType<typeof setInterval> | undefined
  private listing: Promise<void> | undefined

  constructor(
    private readonly origin: string,
    private readonly changed: () => void,
    private readonly arrived: (m: Message) => void,
  ) {
    this.keep = new Keep(origin)
    this.visitor = this.keep.visitor()
    this.api = new Api(origin, () => this.visitor?.token)
    this.outbox = new Outbox({
      send: (post) => this.send(post),
      explain,
      load: () => this.keep.loadOutbox(),
      save: (posts) => {
        this.keep.saveOutbox(posts)
      },
      changed,
      later: (run, ms) => {
        setTimeout(run, ms)
      },
    })
    this.uploads = new Uploads(this.api, {
      explain: explainFile,
      changed,
      later: (run, ms) => {
        setTimeout(run, ms)
      },
    })
    addEventListener('online', () => {
      this.wake()
    })
    addEventListener('offline', changed)
  }

  get offline(): boolean {
    return !navigator.onLine
  }

  get wasOpen(): boolean {
    return this.keep.open
  }

  set wasOpen(on: boolean) {
    this.keep.open = on
  }

  get policyPage(): string {
    return `${this.origin}/policies/privacy`
  }

  async configure(): Promise<Config> {
    try {
      this.config ??= await this.api.config()
    } catch (e) {
      this.unreadable(e)
      throw e
    }
    return this.config
  }

  /** Reads the list and joins the line, if this is somebody who has been here before. */
  async resume(): Promise<void> {
    this.visitor ??= this.keep.visitor() // another tab may have begun meanwhile
    if (!this.visitor) return
    try {
      await this.list()
    } catch (e) {
      if (!(e instanceof Refused && e.away)) throw e
    }
    this.join()
  }

  /** While the list can't be had: the conversations that this browser knows of, so that they can be written to. */
  standIn(): void {
    const rooms = this.outbox.rooms
    if (this.visitor?.room) rooms.add(this.visitor.room)
    if (!this.visitor || this.listed) return
    for (const room of rooms) {
      if (this.talks.has(room)) continue
      const talk = this.enter({ id: '', room, state: 'Open', head: 0, read: 0, staff_read: 0 })
      talk.guess = true
      this.talks.set(room, talk)
    }
  }

  /** Remembers which conversation is open. */
  remember(room: string): void {
    if (!this.visitor || this.visitor.room === room) return
    this.visitor.room = room
    if (this.keep.visitor()?.token === this.visitor.token) this.keep.setVisitor(this.visitor) // else another tab knows better
  }

  private unreadable(e: unknown): void {
    if (!(e instanceof Refused) || !e.away) return
    this.away = explain(e)
    this.changed()
  }

  private readable(): void {
    if (this.away === '') return
    this.away = ''
    this.live?.connect()
    this.uploads.flush()
    this.changed()
  }

  /** The first message of a new enquiry. The same `b` and `key` again are the same enquiry. */
  async begin(b: Beginning, key: string): Promise<string> {
    const begun = await this.api.begin(b, key)
    const token = begun.token ?? this.visitor?.token ?? ''
    const { room } = begun.enquiry
    this.visitor = { token, name: b.name, room }
    this.keep.setVisitor(this.visitor)
    this.lost = false
    const talk = this.enter({ ...begun.enquiry, head: begun.message.seq, read: begun.message.seq, staff_read: 0 })
    talk.timeline.told(begun.message)
    this.talks = new Map([[room, talk], ...this.talks])
    this.join()
    void this.catchUp(talk)
    this.changed()
    return room
  }

  /** Forgets who the visitor was: the server does not know the token any more. */
  private forget(): void {
    this.live?.disconnect()
    this.live = undefined
    this.line = 'idle'
    this.keep.forget()
    this.visitor = undefined
    this.talks.clear()
    this.listed = false
    this.lost = true
    this.changed()
  }

  list(): Promise<void> {
    this.listing ??= this.readList().finally(() => {
      this.listing = undefined
    })
    return this.listing
  }

  private async readList(): Promise<void> {
    let items: Enquiry[]
    try {
      items = await this.api.enquiries()
    } catch (e) {
      if (e instanceof Refused && e.status === 401) {
        this.forget()
        return
      }
      if (e instanceof Refused && e.status === 409) this.bar(e)
      this.unreadable(e)
      throw e
    }
    this.heard()
    this.readable()
    for (const [room, talk] of this.talks) if (talk.guess) this.talks.delete(room)
    const known = this.talks
    items.sort((a, b) => (b.opened_at ?? '').localeCompare(a.opened_at ?? ''))
    this.talks = new Map(items.map((e) => [e.room, known.get(e.room) ?? this.enter(e)]))
    for (const e of items) {
      const talk = this.talks.get(e.room)
      if (!talk) continue
      const old = talk.enquiry
      talk.enquiry = { ...e, read: Math.max(e.read, old.read), staff_read: Math.max(e.staff_read, old.staff_read) }
    }
    // What was begun while the list was on its way.
    for (const [room, talk] of known) if (!this.talks.has(room)) this.talks.set(room, talk)
    this.listed = true
    let budget = 10
    for (const talk of this.talks.values()) {
      const behind = !talk.ready || talk.enquiry.head > talk.timeline.last
      if (behind && budget-- > 0) void this.catchUp(talk)
    }
    this.changed()
  }

  /** Nothing is gained by knocking again soon: the next look is after half a minute, then ever later, up to five minutes. */
  private bar(why: Refused): void {
    this.barred = explain(why)
    this.lookAt = Date.now() + Math.min(300_000, 30_000 * 2 ** this.looks++)
    this.changed()
  }

  private heard(): void {
    if (!this.barred) return
    this.barred = ''
    this.looks = 0
    this.join()
    this.outbox.flush()
  }

  private enter(e: Enquiry): Talk {
    return {
      enquiry: e,
      timeline: new Timeline(Math.max(0, e.head - page)),
      ready: false,
      catching: false,
      again: false,
      typing: undefined,
      guess: false,
    }
  }

  private join(): void {
    if (!this.visitor || this.live) return
    this.line = 'down'
    this.live = new Live(this.origin, this.visitor.token, {
      up: () => {
        this.up()
      },
      down: () => {
        this.down()
      },
      told: (t) => {
        this.told(t)
      },
      ended: () => {
        void this.ended()
      },
    })
    this.live.connect()
    // Some networks let no WebSocket through: then the rooms are asked over HTTP until it comes up.
    this.polling ??= setInterval(() => {
      if ((this.line !== 'down' && !this.away) || this.offline || !this.visitor || document.visibilityState === 'hidden') return
      if (this.barred && Date.now() < this.lookAt) return
      void this.list().catch(() => undefined)
      this.outbox.flush()
    }, 10_000)
  }

  private up(): void {
    this.line = 'up'
    // Subscribed by now; so everything after the last number is asked for, and doubles are dropped.
    for (const talk of this.talks.values()) if (talk.ready || talk.enquiry.state !== 'Closed') void this.catchUp(talk)
    void this.list().catch(() => undefined)
    this.outbox.flush()
    this.changed()
  }

  private down(): void {
    if (this.line === 'up') this.line = 'down'
    for (const talk of this.talks.values()) talk.typing = undefined
    this.changed()
  }

  /** The server closed the line for good. Whether the token is still one is asked over HTTP. */
  private async ended(): Promise<void> {
    this.live = undefined
    await this.list().catch(() => undefined)
    if (this.visitor && !this.barred)
      setTimeout(() => {
        this.join()
      }, 15_000)
  }

  private wake(): void {
    this.live?.connect()
    this.outbox.flush()
    this.uploads.flush()
    this.changed()
  }

  private told(t: Told): void {
    const talk = this.talks.get(t.room)
    switch (t.k) {
      case 'message':
        if (talk) this.message(talk, t)
        else void this.list().catch(() => undefined)
        return
      case 'typing':
        if (talk && t.by.kind === 'staff') this.typed(talk, t.on ? (t.by.name ?? '') : undefined)
        return
      case 'read':
        if (talk && t.by.kind === 'staff') talk.enquiry.staff_read = Math.max(talk.enquiry.staff_read, t.seq)
        else if (talk) talk.enquiry.read = Math.max(talk.enquiry.read, t.seq)
        this.changed()
        return
      case 'enquiry':
        void this.list().catch(() => undefined)
        return
      case 'file':
        this.uploads.told(t.file)
        return
      case 'gone':
        this.talks.delete(t.room)
        this.changed()
    }
  }

  private message(talk: Talk, m: Message): void {
    const verdict = talk.timeline.told(m)
    if (verdict === 'gap') {
      talk.again = true
      void this.catchUp(talk)
    } else if (verdict === 'applied') this.applied(talk, m)
    this.outbox.acknowledged(m.id)
    this.changed()
  }

  private applied(talk: Talk, m: Message): void {
    if (m.by.kind === 'staff') talk.typing = undefined
    if (isAnswer(m)) this.arrived(m)
    if (isLine(m)) void this.list().catch(() => undefined) // the state has changed
  }

  private typed(talk: Talk, name: string | undefined): void {
    const until = Date.now() + 6000
    talk.typing = name === undefined ? undefined : { name, until }
    if (talk.typing) {
      setTimeout(() => {
        if (talk.typing?.until !== until) return
        talk.typing = undefined
        this.changed()
      }, 6000)
    }
    this.changed()
  }

  /** Everything after the last number that stands here. A gap that shows meanwhile asks once more. */
  async catchUp(talk: Talk): Promise<void> {
    if (talk.catching) return
    talk.catching = true
    const room = talk.enquiry.room
    try {
      for (let more = true; more;) {
        talk.again = false
        const after = talk.timeline.last
        const p = await this.after(room, after)
        talk.timeline.caughtUp(p)
        talk.ready = true
        for (const m of p.items) {
          this.outbox.acknowledged(m.id)
          if (isAnswer(m) && m.seq > talk.enquiry.read && m.seq > talk.enquiry.head) this.arrived(m)
        }
        talk.enquiry.head = Math.max(talk.enquiry.head, p.head)
        more = (p.more === true || talk.again) && talk.timeline.last > after
      }
    } catch (e) {
      if (e instanceof Refused && e.status === 401) await this.list().catch(() => undefined)
      this.unreadable(e)
      // Otherwise the line is down: coming up catches up again.
    } finally {
      talk.catching = false
      this.changed()
    }
  }

  private async after(room: string, after: number): Promise<Page> {
    if (this.line === 'up' && this.live) {
      const p = await this.live.ask<Page>('chat.open', { room, after })
      return { ...p, items: p.items ?? [] }
    }
    const p = await this.api.messages(room, { after, limit: 200 })
    return { ...p, more: p.more ?? p.items.length >= 200 }
  }

  /** A page of what was before. */
  async earlier(talk: Talk): Promise<void> {
    const { items } = await this.api.messages(talk.enquiry.room, { before: talk.timeline.first, limit: page })
    talk.timeline.earlier(items)
    this.changed()
  }

  /** A small picture; held for a while. */
  thumb(file: string): Promise<Blob> {
    let got = this.pictures.get(file)
    if (!got) {
      got = this.api.bytes(file, 'thumb')
      this.pictures.set(file, got)
      got.catch(() => {
        this.pictures.delete(file)
      })
      for (const old of this.pictures.keys()) {
        if (this.pictures.size <= thumbs) break
        this.pictures.delete(old)
      }
    }
    return got
  }

  bytes(file: string, what: 'content' | 'view'): Promise<Blob> {
    return this.api.bytes(file, what)
  }

  /** False where the message was received, but has no place in the room yet. */
  private async send(post: Post): Promise<boolean> {
    const talk = this.talks.get(post.room)
    const { room, id, body } = post
    const files = post.files ?? []
    const ids = files.map((f) => f.id)
    try {
      const { seq, at, kept } =
        this.line === 'up' && this.live
          ? await this.live.ask<Place>('chat.post', { room, id, body, ...(ids.length > 0 ? { files: ids } : {}) })
          : await this.api.post(room, id, body, ids)
      if (kept) {
        if (!this.away) void this.list().catch(() => undefined) // learns why
        return false
      }
      if (!talk) return true
      const verdict = talk.timeline.told({ room, seq, id, by: { kind: 'visitor' }, at, body, files })
      if (verdict === 'gap') await this.catchUp(talk)
      talk.enquiry.read = Math.max(talk.enquiry.read, talk.timeline.last === seq ? seq : 0)
      return true
    } catch (e) {
      if (e instanceof Refused && e.status === 401) await this.list().catch(() => undefined)
      if (e instanceof Refused && e.status === 409 && !this.barred) void this.list().catch(() => undefined)
      throw e
    }
  }

  unread(talk: Talk): number {
    const { read, head } = talk.enquiry
    if (!talk.ready) return head > read && talk.enquiry.state !== 'Closed' ? 1 : 0
    return talk.timeline.items.filter((m) => isAnswer(m) && m.seq > read).length
  }

  /** The visitor sees the end of this room now. */
  seen(talk: Talk): void {
    const seq = talk.timeline.last
    if (!talk.ready || seq <= talk.enquiry.read) return
    talk.enquiry.read = seq
    const room = talk.enquiry.room
    const told = this.line === 'up' && this.live ? this.live.ask('chat.read', { room, seq }) : this.api.read(room, seq)
    told.catch(() => undefined) // the next one says the same
  }

  typing(room: string, on: boolean): void {
    const now = Date.now()
    if (this.line !== 'up' || !this.live || (on && now - this.typedAt < 2500) || (!on && this.typedAt === 0)) return
    this.typedAt = on ? now : 0
    this.live.ask('chat.typing', { room, on }).catch(() => undefined)
  }
}
