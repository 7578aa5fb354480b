import type { Message, MessageFile, Person } from '~/api/types'
import { RoomLog } from './log'
import { Outbox, type Pending } from './outbox'
import { Broken, Refused, type Stretch, type Told, type Wire, type WireState } from './wire'

/** What a page sees of one room. A new object each time that something changes. */
export interface RoomView {
  state: 'opening' | 'ready' | 'refused'
  /** Why the room could not be opened. */
  why?: string
  items: readonly Message[]
  pending: readonly Pending[]
  typing: readonly Person[]
  /** Whether there are older messages than the first. */
  older: boolean
  last: number
  visitorRead: number
}

interface Room {
  log: RoomLog
  view: RoomView
  typing: Map<string, { by: Person; timer: ReturnType<typeof setTimeout> }>
  catching?: Promise<void>
}

export interface LineOptions {
  wire: Wire
  me: { id: string; name: string }
  storage: Storage
  /** A list should be read again: an enquiry changed, or the connection is back. */
  listsChanged: (enquiry?: string) => void
  /** The server has looked at a file of mine. */
  fileChanged?: (file: string, room: string) => void
  older: (room: string, before: number) => Promise<readonly Message[]>
}

const firstStretch = 60
const roomsOpen = 8
const typingFades = 6_000
const postTries = 5

/**
 * The line to the server: the rooms that are open, kept in step, and the posts that are under way. One rule holds for
 * what is said, whichever way it comes (told, asked for, acknowledged): it goes through the room's log.
 */
export class Line {
  state: WireState = 'connecting'
  readonly outbox: Outbox
  readonly #options: LineOptions
  readonly #rooms = new Map<string, Room>()
  readonly #flushing = new Set<string>()
  readonly #read = new Map<string, number>()
  readonly #listeners = new Set<() => void>()
  readonly #timers = new Set<ReturnType<typeof setTimeout>>()
  #seenLive = false

  constructor(options: LineOptions) {
    this.#options = options
    this.outbox = new Outbox(options.me.id, options.storage)
  }

  start(): void {
    this.#options.wire.start({ state: (now) => { this.#moved(now) }, told: (data) => { this.#told(data) } })
  }

  stop(): void {
    this.#options.wire.stop()
    for (const timer of this.#timers) clearTimeout(timer)
    for (const room of this.#rooms.values()) for (const { timer } of room.typing.values()) clearTimeout(timer)
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  view(room: string): RoomView | undefined {
    return this.#rooms.get(room)?.view
  }

  /** Who types in any room that is open. */
  typingIn(room: string): readonly Person[] {
    return this.#rooms.get(room)?.view.typing ?? nobody
  }

  /** Opens a room at its newest messages; one that is open already only moves to the front. */
  open(id: string, head: number, visitorRead: number): void {
    const known = this.#rooms.get(id)
    if (known && known.view.state !== 'refused') {
      this.#rooms.delete(id)
      this.#rooms.set(id, known)
      this.#show(known, { visitorRead: Math.max(known.view.visitorRead, visitorRead) })
      return
    }
    const log = new RoomLog(Math.max(0, head - firstStretch))
    const view: RoomView = {
      state: 'opening', items: [], pending: this.outbox.of(id), typing: nobody, older: log.start > 0, last: log.last, visitorRead,
    }
    const room: Room = { log, view, typing: new Map() }
    this.#rooms.set(id, room)
    this.#evict()
    this.#changed()
    if (this.state === 'live') void this.#enter(id, room)
  }

  /** Drops all that is known of a room whose contact was erased, and what waits for it. */
  forget(id: string): void {
    const room = this.#rooms.get(id)
    this.#rooms.delete(id)
    for (const { timer } of room?.typing.values() ?? []) clearTimeout(timer)
    for (const item of this.outbox.of(id)) this.outbox.drop(item.id)
    if (!room) return
    if (this.state === 'live') this.#options.wire.ask('chat.leave', { room: id }).catch(ignore)
    this.#changed()
  }

  /** Loads a page of older messages in front of the first. */
  async loadOlder(id: string): Promise<void> {
    const room = this.#rooms.get(id)
    if (!room || room.log.start === 0) return
    room.log.prepend(await this.#options.older(id, room.log.start + 1))
    this.#show(room, {})
  }

  post(room: string, body: string, files: readonly MessageFile[] = []): void {
    this.outbox.put({ id: crypto.randomUUID(), room, body, at: new Date().toISOString(), ...(files.length > 0 ? { files } : {}) })
    this.#showPending(room)
    void this.#flush(room)
  }

  retry(item: Pending): void {
    this.outbox.mark(item.id, undefined)
    this.#showPending(item.room)
    void this.#flush(item.room)
  }

  discard(item: Pending): void {
    this.outbox.drop(item.id)
    this.#showPending(item.room)
  }

  /** Says that one types, or has stopped. It does not matter if this is lost. */
  typing(room: string, on: boolean): void {
    if (this.state === 'live') this.#options.wire.ask('chat.typing', { room, on }).catch(ignore)
  }

  /** Says up to where one has read. The lists carry it when this is lost. */
  read(room: string, seq: number): void {
    if (this.state !== 'live' || seq <= (this.#read.get(room) ?? 0)) return
    this.#read.set(room, seq)
    this.#options.wire.ask('chat.read', { room, seq }).then(() => { this.#options.listsChanged() }, () => { this.#read.delete(room) })
  }

  #moved(now: WireState): void {
    if (now === this.state && now !== 'live') return
    this.state = now
    if (now === 'live') {
      for (const [id, room] of this.#rooms) if (room.view.state !== 'refused') void this.#enter(id, room)
      for (const id of new Set(this.outbox.all.map((item) => item.room))) void this.#flush(id)
      if (this.#seenLive) this.#options.listsChanged()
      this.#seenLive = true
    }
    this.#changed()
  }

  #told(data: Told): void {
    if (data.k === 'enquiry') {
      this.#options.listsChanged(data.enquiry)
      return
    }
    if (data.k === 'file') {
      this.#options.fileChanged?.(data.file, data.room)
      return
    }
    const room = this.#rooms.get(data.room)
    if (!room) return
    switch (data.k) {
      case 'message':
        this.#take(data.room, room, [data])
        this.#options.listsChanged() // the server hints at rooms that are not listened to only; this one stands in a list too
        break
      case 'typing':
        this.#heardTyping(room, data.by, data.on)
        break
      case 'read':
        if (data.by.kind === 'visitor' && data.seq > room.view.visitorRead) this.#show(room, { visitorRead: data.seq })
        if (data.by.id === this.#options.me.id) this.#options.listsChanged()
        break
      case 'gone':
        room.log = new RoomLog(0)
        this.#show(room, { state: 'refused', why: undefined, typing: nobody })
        this.#options.listsChanged()
        break
    }
  }

  /** Subscribes first and asks for what follows, so that nothing falls between (DESIGN section 9). */
  async #enter(id: string, room: Room): Promise<void> {
    try {
      const stretch = (await this.#options.wire.ask('chat.open', { room: id, after: room.log.last })) as Stretch
      if (this.#rooms.get(id) !== room) return
      room.log.begin(stretch.items)
      this.#show(room, { state: 'ready', why: undefined })
      this.#take(id, room, stretch.items, stretch.more)
    } catch (error) {
      if (this.#rooms.get(id) !== room || error instanceof Broken) return
      const refused = error as Refused
      if (refused.passing) this.#later(2_000, () => { if (this.state === 'live') void this.#enter(id, room) })
      else this.#show(room, { state: 'refused', why: refused.message })
    }
  }

  #take(id: string, room: Room, messages: readonly Message[], more = false): void {
    const whole = room.log.takeAll(messages)
    for (const message of messages) {
      if (this.outbox.of(id).some((item) => item.id === message.id)) this.outbox.drop(message.id)
      if (message.by.id) this.#heardTyping(room, message.by, false)
    }
    this.#show(room, { pending: this.outbox.of(id) })
    if (room.view.state === 'ready' && (!whole || more)) void this.#catchUp(id, room)
  }

  /** Fills the gap behind the last message in order. One at a time a room; ends when there is no more, or no progress. */
  #catchUp(id: string, room: Room): Promise<void> {
    room.catching ??= this.#fill(id, room).catch(ignore).finally(() => { room.catching = undefined })
    return room.catching
  }

  async #fill(id: string, room: Room): Promise<void> {
    for (;;) {
      const before = room.log.last
      const stretch = (await this.#options.wire.ask('chat.since', { room: id, after: before })) as Stretch
      const whole = room.log.takeAll(stretch.items)
      this.#show(room, {})
      if ((whole && !stretch.more) || room.log.last === before) return
    }
  }

  /** Sends a room's posts one after another, so that they arrive in the order in which they were written. */
  async #flush(id: string): Promise<void> {
    if (this.#flushing.has(id)) return
    this.#flushing.add(id)
    let tries = 0
    try {
      for (;;) {
        const item = this.outbox.of(id).find((one) => one.failed === undefined)
        if (!item || this.state !== 'live') return
        const done = await this.#send(item, ++tries)
        if (done) tries = 0
        else await this.#pause(Math.min(8_000, 500 * 2 ** tries))
      }
    } finally {
      this.#flushing.delete(id)
    }
  }

  /** True when the post has found its end, good or bad; false when it should be sent again. */
  async #send(item: Pending, tries: number): Promise<boolean> {
    const { id, room, body, files } = item
    try {
      const { seq, at } = (await this.#options.wire.ask('chat.post', { room, id, body, ...(files ? { files: files.map((file) => file.id) } : {}) })) as { seq: number; at: string }
      this.#acknowledged({ room, seq, id, at, body, by: { kind: 'staff', ...this.#options.me }, ...(files ? { files: [...files] } : {}) })
      return true
    } catch (error) {
      // No answer: it may have been written. The next try has the same id, and gets the first answer.
      if (error instanceof Broken) return this.state !== 'live'
      const refused = error as Refused
      if (refused.passing && tries < postTries) return false
      this.outbox.mark(id, refused.message)
      this.#showPending(room)
      return true
    }
  }

  #acknowledged(message: Message): void {
    this.outbox.drop(message.id)
    const room = this.#rooms.get(message.room)
    if (room) this.#take(message.room, room, [message])
    this.read(message.room, message.seq) // who answers has read what is above
  }

  #heardTyping(room: Room, by: Person, on: boolean): void {
    if (by.id === this.#options.me.id) return
    const key = `${by.kind} ${by.id ?? ''}`
    const before = room.typing.get(key)
    if (before) clearTimeout(before.timer)
    else if (!on) return
    if (on) room.typing.set(key, { by, timer: setTimeout(() => { this.#heardTyping(room, by, false) }, typingFades) })
    else room.typing.delete(key)
    if (!before || !on) this.#show(room, { typing: [...room.typing.values()].map((one) => one.by) })
  }

  #evict(): void {
    for (const [id, room] of this.#rooms) {
      if (this.#rooms.size <= roomsOpen) return
      this.#rooms.delete(id)
      for (const { timer } of room.typing.values()) clearTimeout(timer)
      if (this.state === 'live') this.#options.wire.ask('chat.leave', { room: id }).catch(ignore)
    }
  }

  #showPending(id: string): void {
    const room = this.#rooms.get(id)
    if (room) this.#show(room, { pending: this.outbox.of(id) })
  }

  #show(room: Room, change: Partial<RoomView>): void {
    const { items, last, start } = room.log
    room.view = { ...room.view, items, last, older: start > 0, ...change }
    this.#changed()
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => { this.#later(ms, resolve) })
  }

  #later(ms: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      then()
    }, ms)
    this.#timers.add(timer)
  }
}

const nobody: readonly Person[] = []
const ignore = () => undefined
