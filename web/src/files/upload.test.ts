// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { type Stand, upload, type Way } from './upload'

const partSize = 4
const failure = (status: number, message = 'no') => Object.assign(new Error(message), { status })

/** A server with one file in it, whose troubles are the test's. */
class Shelf implements Way {
  begun: { id: string; name: string; size: number }[] = []
  parts = new Map<number, string>()
  asked: string[] = []
  trouble: (what: string) => Error | undefined = () => undefined
  end: Partial<Stand> = { state: 'ready' }
  #size = 0
  #complete = false

  #stand(): Stand {
    const have = [...this.parts.keys()]
    return { id: 'f1', state: 'uploading', kind: 'other', name: 'n', type: 'x', size: this.#size, part_size: partSize, parts: Math.ceil(this.#size / partSize), have, ...(this.#complete ? this.end : {}) }
  }
  #ask(what: string): void {
    this.asked.push(what)
    const wrong = this.trouble(what)
    if (wrong) throw wrong
  }
  async begin(_: string, file: { id: string; name: string; size: number }) {
    await Promise.resolve()
    this.#ask('begin')
    this.begun.push(file)
    this.#size = file.size
    return this.#stand()
  }
  async stand() {
    await Promise.resolve()
    this.#ask('stand')
    return this.#stand()
  }
  async part(_: string, n: number, bytes: Blob, __: AbortSignal, told: (bytes: number) => void) {
    told(1)
    this.#ask(`part ${String(n)}`)
    this.parts.set(n, await bytes.text())
  }
  async complete() {
    await Promise.resolve()
    this.#ask('complete')
    this.#complete = true
    return this.#stand()
  }
  drop() { return Promise.resolve() }
}

function begin(shelf: Shelf, text = 'abcdefghij', some: { known?: string; signal?: AbortSignal } = {}) {
  const told: number[] = []
  const pauses: number[] = []
  const done = upload(new File([text], 'letter.txt'), {
    way: shelf, room: 'r', client: 'c1', signal: some.signal ?? new AbortController().signal, told: (n) => { told.push(n) }, begun: () => undefined,
    pause: (ms) => { pauses.push(ms); return Promise.resolve() }, ...(some.known ? { known: some.known } : {}),
  })
  return { done, told, pauses }
}

describe('an upload', () => {
  it('goes up in parts of the size that the server says, in order, and ends with how it stands', async () => {
    const shelf = new Shelf()
    const { done, told } = begin(shelf)
    expect((await done).state).toBe('ready')
    expect([...shelf.parts]).toEqual([[1, 'abcd'], [2, 'efgh'], [3, 'ij']])
    expect(shelf.asked).toEqual(['begin', 'part 1', 'part 2', 'part 3', 'complete'])
    expect(told).toEqual([...told].sort((a, b) => a - b))
    expect(told.at(-1)).toBe(10)
  })

  it('that is cut asks which parts are there and sends the others only', async () => {
    const shelf = new Shelf()
    let cuts = 2
    shelf.trouble = (what) => (what === 'part 2' && cuts-- > 0 ? failure(0) : undefined)
    await begin(shelf).done
    expect(shelf.asked).toEqual(['begin', 'part 1', 'part 2', 'stand', 'part 2', 'stand', 'part 2', 'part 3', 'complete'])
    expect(shelf.parts.get(2)).toBe('efgh')
  })

  it('that somebody takes up again later does not begin anew', async () => {
    const shelf = new Shelf()
    shelf.trouble = (what) => (what === 'part 3' ? failure(0, 'The server cannot be reached.') : undefined)
    await expect(begin(shelf).done).rejects.toThrow('cannot be reached')
    shelf.trouble = () => undefined
    shelf.asked = []
    const again = begin(shelf, 'abcdefghij', { known: 'f1' })
    await again.done
    expect(shelf.asked).toEqual(['stand', 'part 3', 'complete'])
    expect(again.told[0], 'what is there counts at once').toBe(8)
  })

  it('gives up after some failures in a row, with longer and longer pauses', async () => {
    const shelf = new Shelf()
    shelf.trouble = (what) => (what === 'begin' ? failure(503) : undefined)
    const { done, pauses } = begin(shelf)
    await expect(done).rejects.toMatchObject({ status: 503 })
    expect(shelf.asked).toHaveLength(5)
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000])
  })

  it('waits as long as the server says', async () => {
    const shelf = new Shelf()
    let once = true
    shelf.trouble = (what) => (what === 'part 1' && once ? ((once = false), Object.assign(failure(429), { retryAfter: 30 })) : undefined)
    const { done, pauses } = begin(shelf)
    await done
    expect(pauses).toEqual([30_000])
  })

  it('does not repeat what was refused', async () => {
    const shelf = new Shelf()
    shelf.trouble = (what) => (what === 'begin' ? failure(413, 'This file is too large.') : undefined)
    await expect(begin(shelf).done).rejects.toThrow('too large')
    expect(shelf.asked).toEqual(['begin'])
  })

  it('whose last answer was lost finds that it is complete', async () => {
    const shelf = new Shelf()
    let once = true
    const complete = shelf.complete.bind(shelf)
    shelf.complete = async () => {
      const stand = await complete()
      if (once) { once = false; throw failure(0) }
      return stand
    }
    shelf.end = { state: 'refused', reason: 'This file is not what its name says it is.' }
    expect(await begin(shelf).done).toMatchObject({ state: 'refused' })
    expect(shelf.asked).toEqual(['begin', 'part 1', 'part 2', 'part 3', 'complete', 'stand'])
  })

  it('that was cancelled sends nothing more', async () => {
    const shelf = new Shelf()
    const stop = new AbortController()
    shelf.trouble = (what) => (what === 'part 2' ? (stop.abort(), failure(0)) : undefined)
    await expect(begin(shelf, 'abcdefghij', { signal: stop.signal }).done).rejects.toMatchObject({ name: 'AbortError' })
    expect(shelf.asked.at(-1)).toBe('part 2')
  })
})
