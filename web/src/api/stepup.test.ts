import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { problemOf, sentence } from './problem'
import { onStepUp, steppedFetch } from './stepup'

const stepUp = () => new Response('{"type":"/problems/step-up","status":403}', { status: 403 })
const forbidden = () => new Response('{"type":"/problems/forbidden","status":403}', { status: 403 })
const good = () => new Response('{"ok":true}', { status: 200 })
const request = (body = '{"a":1}') => new Request('https://acme.parlatory.example/api/v1/x', { method: 'POST', body })

const sent: string[] = []
let answers: (() => Response)[] = []
beforeEach(() => {
  sent.length = 0
  vi.stubGlobal('fetch', async (r: Request) => {
    sent.push(await r.text())
    return (answers.shift() ?? good)()
  })
})
afterEach(() => { vi.unstubAllGlobals() })

describe('a request that needs a step-up', () => {
  it('is repeated once, whole, after the proof', async () => {
    answers = [stepUp, good]
    onStepUp(() => Promise.resolve(true))
    expect((await steppedFetch(request())).status).toBe(200)
    expect(sent).toEqual(['{"a":1}', '{"a":1}'])
  })
  it('is not repeated a second time', async () => {
    answers = [stepUp, stepUp, good]
    const prove = vi.fn(() => Promise.resolve(true))
    onStepUp(prove)
    expect((await steppedFetch(request())).status).toBe(403)
    expect(prove).toHaveBeenCalledTimes(1)
    expect(sent).toHaveLength(2)
  })
  it('is not repeated when the person would rather not, and says so calmly', async () => {
    answers = [stepUp, good]
    onStepUp(() => Promise.resolve(false))
    const answer = await steppedFetch(request())
    const problem = problemOf(answer.status, await answer.json())
    expect(sent).toHaveLength(1)
    expect(problem.unproved).toBe(true)
    expect(sentence(problem)).toMatch(/Nothing was changed/)
  })
  it('shares one proof with others at the same time', async () => {
    answers = [stepUp, stepUp, good, good]
    let yes: (v: boolean) => void = () => undefined
    const prove = vi.fn(() => new Promise<boolean>((done) => { yes = done }))
    onStepUp(prove)
    const both = [steppedFetch(request('1')), steppedFetch(request('2'))]
    await vi.waitFor(() => { expect(sent).toHaveLength(2) })
    await new Promise((done) => { setTimeout(done, 5) })
    yes(true)
    expect((await Promise.all(both)).map((a) => a.status)).toEqual([200, 200])
    expect(prove).toHaveBeenCalledTimes(1)
  })
  it('is left alone when it is refused for another reason', async () => {
    answers = [forbidden]
    const prove = vi.fn(() => Promise.resolve(true))
    onStepUp(prove)
    const answer = await steppedFetch(request())
    expect(prove).not.toHaveBeenCalled()
    expect(await answer.json()).toEqual({ type: '/problems/forbidden', status: 403 })
  })
})
