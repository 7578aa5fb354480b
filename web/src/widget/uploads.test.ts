import { describe, expect, it } from 'vitest'
import { Refused } from './api'
import { most, Uploads, type Dock } from './uploads'
import type { Stand } from './wire'

const size = 4

/** A server that takes parts of four bytes, and whose line can be cut. */
class Server implements Dock {
  files = new Map<string, Stand>()
  parts: { n: number; bytes: number }[] = []
  fails: unknown[] = []
  cutAt = 0
  judged: Stand['state'] = 'ready'
  dropped: string[] = []
  held: (() => void)[] = []
  hold = false

  announce(_: string, f: { id: string; name: string; size: number; type: string }): Promise<Stand> {
    const fail = this.fails.shift()
    if (fail) return Promise.reject(fail as Error)
    const s: Stand = { ...f, kind: 'other', state: 'uploading', part_size: size, parts: Math.ceil(f.size / size), have: [] }
    this.files.set(`s-${f.id}`, { ...s, id: `s-${f.id}` })
    return this.stand(`s-${f.id}`)
  }
  stand(id: string): Promise<Stand> {
    const s = this.files.get(id)
    return s ? Promise.resolve({ ...s, have: [...(s.have ?? [])] }) : Promise.reject(new Refused(404))
  }
  async part(id: string, n: number, bytes: Blob, signal: AbortSignal, moved: (sent: number) => void): Promise<void> {
    if (this.hold) await new Promise<void>((go) => this.held.push(go))
    if (signal.aborted) throw new Refused(0)
    if (this.cutAt === n) {
      this.cutAt = 0
      throw new Refused(0)
    }
    this.parts.push({ n, bytes: bytes.size })
    this.files.get(id)?.have?.push(n)
    moved(bytes.size)
  }
  complete(id: string): Promise<Stand> {
    const s = this.files.get(id)
    if (s) s.state = this.judged
    return this.stand(id)
  }
  drop(id: string): Promise<void> {
    this.dropped.push(id)
    return Promise.resolve()
  }
}

function made(server: Server) {
  const later: (() => void)[] = []
  const uploads = new Uploads(server, { explain: (e) => (e as Refused).detail || 'cut', changed: () => undefined, later: (run) => later.push(run) })
  return { uploads, soon: () => later.splice(0).forEach((run) => { run() }) }
}

const settled = () => new Promise((r) => setTimeout(r, 5))
const file = (bytes: number, name = 'a.bin') => new File([new Uint8Array(bytes)], name)
const states = (u: Uploads) => u.of('r').map((one) => one.state)

describe('files on their way', () => {
  it('go in parts, and are there for one message', async () => {
    const server = new Server()
    const { uploads } = made(server)
    expect(uploads.add('r', [file(10), file(3, 'b.bin')])).toBe(0)
    await settled()
    expect(server.parts.map((p) => p.bytes)).toEqual([4, 4, 2, 3])
    expect(states(uploads)).toEqual(['ready', 'ready'])
    expect(uploads.claim('r').map((f) => f.name)).toEqual(['a.bin', 'b.bin'])
    expect(uploads.of('r')).toEqual([])
    expect(server.dropped).toEqual([])
  })

  it('go on after a cut with the parts that are missing', async () => {
    const server = new Server()
    server.cutAt = 3
    const { uploads, soon } = made(server)
    uploads.add('r', [file(14)])
    await settled()
    expect(states(uploads)).toEqual(['waiting'])
    expect(uploads.of('r')[0]?.sent).toBe(8)
    soon()
    await settled()
    expect(server.parts.map((p) => p.n)).toEqual([1, 2, 3, 4])
    expect(server.files.size).toBe(1)
    expect(states(uploads)).toEqual(['ready'])
  })

  it('say at once, before a byte has gone, what is too large, and the next one goes', async () => {
    const server = new Server()
    server.fails = [new Refused(413, 'At most 1 MB.')]
    const { uploads } = made(server)
    uploads.add('r', [file(9), file(2, 'b.bin')])
    await settled()
    expect(uploads.of('r').map((u) => [u.state, u.reason, u.again])).toEqual([['failed', 'At most 1 MB.', false], ['ready', undefined, undefined]])
    expect(server.parts).toEqual([{ n: 1, bytes: 2 }])
  })

  it('fail after some tries, and go when somebody asks again', async () => {
    const server = new Server()
    server.fails = Array.from({ length: 6 }, () => new Refused(0))
    const { uploads, soon } = made(server)
    uploads.add('r', [file(3)])
    for (let i = 0; i < 6; i++) {
      await settled()
      soon()
    }
    await settled()
    expect(uploads.of('r').map((u) => [u.state, u.again])).toEqual([['failed', true]])
    uploads.retry(uploads.of('r')[0]?.id ?? '')
    await settled()
    expect(states(uploads)).toEqual(['ready'])
  })

  it('can be taken away on the way, and the server hears of it', async () => {
    const server = new Server()
    server.hold = true
    const { uploads } = made(server)
    uploads.add('r', [file(9)])
    await settled()
    const id = uploads.of('r')[0]?.id ?? ''
    uploads.remove(id)
    server.held.forEach((go) => { go() })
    await settled()
    expect(uploads.of('r')).toEqual([])
    expect(server.dropped).toEqual([`s-${id}`])
    expect(server.parts).toEqual([])
  })

  it('wait for the check, and are refused with its reason', async () => {
    const server = new Server()
    server.judged = 'checking'
    const { uploads, soon } = made(server)
    uploads.add('r', [file(3)])
    await settled()
    expect(states(uploads)).toEqual(['checking'])
    expect(uploads.claim('r')).toEqual([])
    const [s] = [...server.files.values()]
    if (s) Object.assign(s, { state: 'quarantined', reason: 'Malware was found.' })
    uploads.told(s?.id ?? '')
    await settled()
    soon()
    await settled()
    expect(uploads.of('r').map((u) => [u.state, u.reason, u.again])).toEqual([['failed', 'Malware was found.', false]])
  })

  it('are ten at most in a message', () => {
    const { uploads } = made(new Server())
    expect(uploads.add('r', Array.from({ length: most + 3 }, () => file(1)))).toBe(3)
    expect(uploads.of('r')).toHaveLength(most)
    expect(uploads.add('other', [file(1)])).toBe(0)
  })
})
