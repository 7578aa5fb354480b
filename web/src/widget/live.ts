import { Refused } from './api'
import type { Told } from './wire'

// The live line: one WebSocket to the workspace's host, in the JSON form of the centrifuge client protocol: a line of
// JSON a command or reply, `{}` as ping and pong. The library speaks it too, but weighs 23 kB gzipped for much that
// a visitor never uses (subscriptions, recovery, deltas, other transports); this part of it is under two.

export interface Ends {
  up(): void
  down(): void
  told(t: Told): void
  /** The server ended the line for good (token refused, site refused): ask over HTTP what the matter is. */
  ended(code: number): void
}

interface Reply {
  id?: number
  error?: { code: number; message: string; temporary?: boolean }
  connect?: { ping?: number; pong?: boolean }
  rpc?: { data?: unknown }
  push?: { pub?: { data: unknown }; disconnect?: { code: number } }
}

interface Asked {
  resolve(r: Reply): void
  reject(e: unknown): void
  timer: ReturnType<typeof setTimeout>
}

const shortest = 300
const longest = 10_000
const patience = 8000
const catchUp = 4502

export class Live {
  private socket: WebSocket | undefined
  private asked = new Map<number, Asked>()
  private last = 0
  private tries = 0
  private wanted = false
  private up = false
  private again: ReturnType<typeof setTimeout> | undefined
  private silence: ReturnType<typeof setTimeout> | undefined
  private ping = 0
  private pong = false

  constructor(
    private readonly origin: string,
    private readonly token: string,
    private readonly ends: Ends,
  ) {}

  /** Connects now, without waiting for the pause between tries. */
  connect(): void {
    this.wanted = true
    clearTimeout(this.again)
    if (!this.socket) this.dial()
  }

  disconnect(): void {
    this.wanted = false
    clearTimeout(this.again)
    this.drop()
  }

  async ask<T>(method: string, data: unknown): Promise<T> {
    if (!this.up) throw new Refused(0)
    return (await this.command({ rpc: { method, data } })).rpc?.data as T
  }

  private dial(): void {
    let socket: WebSocket
    try {
      socket = new WebSocket(`${this.origin.replace(/^http/, 'ws')}/widget/v1/live`)
    } catch {
      this.later() // the page's policy forbids it: the rooms are asked over HTTP meanwhile
      return
    }
    this.socket = socket
    this.hush(patience)
    socket.onopen = () => {
      this.command({ connect: { data: { token: this.token }, name: 'widget' } }).then(
        (r) => {
          if (socket === this.socket) this.connected(r)
        },
        (e: unknown) => {
          if (socket === this.socket) this.refused(e)
        },
      )
    }
    socket.onmessage = (e) => {
      if (socket === this.socket) this.heard(String(e.data))
    }
    socket.onclose = (e) => {
      if (socket === this.socket) this.closed(e.code)
    }
  }

  private connected(r: Reply): void {
    this.tries = 0
    this.up = true
    this.ping = (r.connect?.ping ?? 0) * 1000
    this.pong = r.connect?.pong === true
    this.hush()
    this.ends.up()
  }

  private refused(e: unknown): void {
    // 109 is an expired token; below 100 and "temporary" pass by themselves.
    const final = e instanceof Refused && e.status >= 100 && !e.temporary
    this.drop()
    if (final) this.stop(e.status)
    else this.later()
  }

  private heard(text: string): void {
    if (this.up) this.hush()
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue
      let r: Reply
      try {
        r = JSON.parse(line) as Reply
      } catch {
        this.closed(0)
        return
      }
      this.reply(r)
    }
  }

  private reply(r: Reply): void {
    if (r.id) {
      const asked = this.asked.get(r.id)
      this.asked.delete(r.id)
      clearTimeout(asked?.timer)
      if (r.error) {
        const no = new Refused(r.error.code, r.error.message)
        no.temporary = r.error.temporary === true
        asked?.reject(no)
      } else asked?.resolve(r)
    } else if (r.push?.pub) this.ends.told(r.push.pub.data as Told)
    else if (r.push?.disconnect) this.closed(r.push.disconnect.code)
    else if (!r.push && this.pong) this.socket?.send('{}')
  }

  private command(c: object): Promise<Reply> {
    const id = ++this.last
    return new Promise<Reply>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.asked.delete(id)
        reject(new Refused(0))
      }, patience)
      this.asked.set(id, { resolve, reject, timer })
      this.socket?.send(JSON.stringify({ id, ...c }))
    })
  }

  private closed(code: number): void {
    this.drop()
    // 4502: this reader was too slow and shall catch up; of the other ends 3500-3999 and 4500-4999 are final.
    const final = code !== catchUp && ((code >= 3500 && code < 4000) || (code >= 4500 && code < 5000))
    if (final) this.stop(code)
    else this.later()
  }

  private stop(code: number): void {
    this.wanted = false
    this.ends.ended(code)
  }

  /** Lets the socket go; whoever waits for an answer hears that the line is down. */
  private drop(): void {
    const { socket } = this
    this.socket = undefined
    this.up = false
    clearTimeout(this.silence)
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null
      socket.close()
    }
    const asked = [...this.asked.values()]
    this.asked.clear()
    for (const a of asked) {
      clearTimeout(a.timer)
      a.reject(new Refused(0))
    }
    this.ends.down()
  }

  /** Growing pauses with full jitter, so that all the visitors of a server that restarts do not come at once. */
  private later(): void {
    if (!this.wanted) return
    const most = Math.min(longest, shortest * 2 ** this.tries++)
    this.again = setTimeout(
      () => {
        this.connect()
      },
      shortest + Math.random() * most,
    )
  }

  /** A line that stays silent for longer than the server's ping is dead, whatever the socket says. */
  private hush(ms = this.ping === 0 ? 0 : this.ping + longest): void {
    clearTimeout(this.silence)
    if (ms > 0)
      this.silence = setTimeout(() => {
        this.closed(0)
      }, ms)
  }
}
