import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { api, onSignedOut, take } from './client'

// A step-up or a change of the password renews the session's token. What left with the old one comes back refused, and that must
// not put out a person who is signed in (drafts and unsent posts would go too).

const base = 'https://acme.parlatory.example'
const refused = () => new Response('{"type":"/problems/unauthenticated"}', { status: 401 })
const good = () => new Response('{"items":[]}', { status: 200 })
const door = (signed_in: boolean) => () => new Response(JSON.stringify({ signed_in }), { status: 200 })
const list = () => take(api.GET('/api/v1/sites', { baseUrl: base }))
const leave = () => take(api.POST('/api/v1/signout', { baseUrl: base }))

let asked: string[] = []
let doors: () => Response | Promise<Response>
let answers: (() => Response | Promise<Response>)[]
const left = vi.fn()

beforeEach(() => {
  asked = []
  doors = door(true)
  answers = []
  left.mockReset()
  onSignedOut(left)
  vi.stubGlobal('fetch', async (what: Request | string) => {
    const path = typeof what === 'string' ? what : `${what.method} ${new URL(what.url).pathname}`
    asked.push(path)
    return path === '/api/v1/door' ? doors() : (answers.shift() ?? good)()
  })
})
afterEach(() => { vi.unstubAllGlobals() })

describe('an answer that the session is unknown', () => {
  it('is no end for who is signed in: what was read is read again', async () => {
    answers = [refused]
    await expect(list()).resolves.toEqual({ items: [] })
    expect(asked).toEqual(['GET /api/v1/sites', '/api/v1/door', 'GET /api/v1/sites'])
    expect(left).not.toHaveBeenCalled()
  })
  it('is read again once only', async () => {
    answers = [refused, refused]
    await expect(list()).rejects.toMatchObject({ status: 401 })
    expect(left).toHaveBeenCalledTimes(1)
  })
  it('never sends a change twice', async () => {
    answers = [refused]
    await expect(leave()).rejects.toMatchObject({ status: 401 })
    expect(asked).toEqual(['POST /api/v1/signout', '/api/v1/door'])
    expect(left).not.toHaveBeenCalled()
  })
  it.each([['says so', door(false)], ['is shut', refused]])('is the end when the door %s', async (_, says) => {
    doors = says
    answers = [refused, refused]
    await Promise.allSettled([list(), list()])
    expect(asked.filter((path) => path === '/api/v1/door')).toHaveLength(1)
    expect(left).toHaveBeenCalled()
  })
  it('is no end while the door cannot be reached', async () => {
    doors = () => Promise.reject(new TypeError('network'))
    answers = [refused]
    await expect(list()).rejects.toMatchObject({ status: 401 })
    expect(left).not.toHaveBeenCalled()
  })
  it('waits for the answer that brings the new cookie', async () => {
    let bring: (r: Response) => void = () => undefined
    answers = [() => new Promise<Response>((done) => { bring = done }), refused]
    const change = leave()
    const read = list()
    await new Promise((done) => { setTimeout(done, 20) })
    expect(asked).toEqual(['POST /api/v1/signout', 'GET /api/v1/sites'])
    bring(new Response(null, { status: 204 }))
    await change
    await read
    expect(asked).toEqual(['POST /api/v1/signout', 'GET /api/v1/sites', '/api/v1/door', 'GET /api/v1/sites'])
    expect(left).not.toHaveBeenCalled()
  })
})
