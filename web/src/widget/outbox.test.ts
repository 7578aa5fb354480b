import { beforeEach, describe, expect, it } from 'vitest'
import { Refused } from './api'
import { Outbox, type Carrier, type Post } from './outbox'

class Line implements Carrier {
  sent: { id: string; body: string }[] = []
  fails: unknown[] = []
  kept: Post[] = []
  later_: { run: () => void; ms: number }[] = []
  stands = true
  send(post: Post): Promise<boolean> {
    this.sent.push({ id: post.id, body: post.body })
    const fail = this.fails.shift()
    return fail === undefined ? Promise.resolve(this.stands) : Promise.reject(fail as Error)
  }
  explain = () => 'Please shorten it.'
  load = (): unknown => JSON.parse(JSON.stringify(this.kept))
  save = (posts: readonly Post[]) => {
    this.kept = posts.map((p) => ({ ...p }))
  }
  changed = () => undefined
  later = (run: () => void, ms: number) => {
    this.later_.push({ run, ms })
  }
}

const settled = () => new Promise((r) => setTimeout(r))

describe('the outbox', () => {
  let line: Line
  beforeEach(() => {
    line = new Line()
  })

  it('forgets a message only after it was acknowledged', async () => {
    const box = new Outbox(line)
    box.add('r', 'one')
    expect(line.kept.map((p) => p.body)).toEqual(['one'])
    await settled()
    expect(line.kept).toEqual([])
  })

  it('sends again with the same id, and in the order of writing', async () => {
    line.fails = [new Refused(0)]
    const box = new Outbox(line)
    box.add('r', 'one')
    await settled()
    box.add('r', 'two')
    await settled()
    const ids = new Set(line.sent.filter((s) => s.body === 'one').map((s) => s.id))
    expect(ids.size).toBe(1)
    expect(line.sent.map((s) => s.body)).toEqual(['one', 'one', 'two'])
    expect(box.of('r')).toEqual([])
  })

  it('waits as long as the server asks', async () => {
    line.fails = [new Refused(429, '', [], 20)]
    new Outbox(line).add('r', 'one')
    await settled()
    expect(line.later_[0]?.ms).toBe(20_000)
    line.later_[0]?.run()
    await settled()
    expect(line.sent).toHaveLength(2)
  })

  it('marks a definite refusal and lets the next one pass', async () => {
    line.fails = [new Refused(413)]
    const box = new Outbox(line)
    const first = box.add('r', 'too long')
    box.add('r', 'short')
    await settled()
    expect(box.of('r').map((p) => [p.body, p.state, p.reason])).toEqual([['too long', 'failed', 'Please shorten it.']])
    box.retry(first.id)
    await settled()
    expect(line.sent.filter((s) => s.id === first.id)).toHaveLength(2)
    expect(box.of('r')).toEqual([])
  })

  it('gives the words of a failed message back', async () => {
    line.fails = [new Refused(413)]
    const box = new Outbox(line)
    const post = box.add('r', 'my words')
    await settled()
    expect(box.takeBack(post.id)?.body).toBe('my words')
    expect(box.of('r')).toEqual([])
  })

  it('goes on with the same ids after the page was left', async () => {
    line.fails = [new Refused(0), new Refused(0)]
    const post = new Outbox(line).add('r', 'one')
    await settled()
    line.fails = []
    new Outbox(line).flush()
    await settled()
    expect(new Set(line.sent.map((s) => s.id))).toEqual(new Set([post.id]))
    expect(line.kept).toEqual([])
  })

  it('shows what was received and has no place yet, sends it no more, and lets it go when the real one comes', async () => {
    line.stands = false
    const box = new Outbox(line)
    const first = box.add('r', 'one')
    const second = box.add('r', 'two')
    await settled()
    box.flush()
    await settled()
    expect(line.sent.map((s) => s.body)).toEqual(['one', 'two'])
    expect(box.of('r').map((p) => p.state)).toEqual(['kept', 'kept'])
    const later = new Outbox(line) // the next page
    later.flush()
    await settled()
    expect(line.sent).toHaveLength(2)
    expect(later.of('r').map((p) => p.state)).toEqual(['kept', 'kept'])
    later.acknowledged(first.id)
    expect(later.of('r').map((p) => p.id)).toEqual([second.id])
    later.acknowledged(first.id)
    expect(later.of('r')).toHaveLength(1)
  })

  it('keeps the files of a message through a break and a change of page', async () => {
    line.fails = [new Refused(0)]
    const file = { id: 'f', name: 'a.pdf', type: 'application/pdf', kind: 'document' as const, size: 7 }
    new Outbox(line).add('r', '', [file])
    await settled()
    expect(new Outbox(line).of('r')[0]?.files).toEqual([file])
  })

  it('reads a kept outbox strictly', () => {
    const load = (kept: unknown) =>
      new Outbox({ ...line, load: () => kept, save: line.save, send: () => Promise.reject(new Refused(0)) }).of('r')
    for (const odd of [undefined, null, 'x', 7, {}, [null], [{ id: 1 }], [{ id: 'a', room: 'r' }]]) expect(load(odd)).toEqual([])
  })
})
