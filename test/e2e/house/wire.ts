import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import type { Guide } from './house.ts'

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  json: any // eslint-disable-line @typescript-eslint/no-explicit-any
}

/**
 * The API as a program uses it, for what a test prepares in numbers. Each client may come from a loopback network of
 * its own, since new enquiries are counted by network.
 */
export class Wire {
  private readonly authority: Buffer
  private readonly guide: Guide
  private readonly from: string
  cookie = ''

  constructor(guide: Guide, from = '127.0.0.1') {
    this.guide = guide
    this.from = from
    this.authority = readFileSync(guide.authority)
  }

  ask(method: string, address: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const url = new URL(address, this.guide.workspace)
    const text = body === undefined ? undefined : JSON.stringify(body)
    return new Promise((done, failed) => {
      const sent = request({
        host: '127.0.0.1', port: url.port, servername: url.hostname, path: url.pathname + url.search, method, ca: this.authority, localAddress: this.from,
        headers: {
          host: url.host, origin: url.origin, 'content-type': 'application/json', ...(this.cookie ? { cookie: this.cookie } : {}),
          ...(text === undefined ? {} : { 'content-length': String(Buffer.byteLength(text)) }), ...headers,
        },
      }, (got) => {
        let all = ''
        got.setEncoding('utf8').on('data', (s: string) => { all += s }).once('end', () => {
          let json: unknown
          try { json = JSON.parse(all) } catch { json = undefined }
          done({ status: got.statusCode ?? 0, headers: got.headers, text: all, json })
        })
      })
      sent.once('error', failed)
      sent.end(text)
    })
  }

  /** As ask, but anything else than a success is a failure of the test. */
  async do(method: string, address: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const got = await this.ask(method, address, body, headers)
    if (got.status >= 300) throw new Error(`${method} ${address}: ${String(got.status)} ${got.text}`)
    return got
  }

  async signIn(email: string, password: string): Promise<void> {
    const got = await this.do('POST', '/api/v1/signin', { email, password })
    const set = got.headers['set-cookie']
    this.cookie = (Array.isArray(set) ? set : [set ?? '']).map((c) => c.split(';')[0] ?? '').filter((c) => c.startsWith('__Host-session=')).join('; ')
  }

  /** A visitor of the shop begins an enquiry. */
  async begin(name: string, question: string, email?: string): Promise<{ token: string; enquiry: string; room: string } | Answer> {
    const site = { origin: new URL(this.guide.shop).origin }
    const config = await this.do('GET', '/widget/v1/config', undefined, site)
    const got = await this.ask('POST', '/widget/v1/enquiries', {
      id: crypto.randomUUID(), name, question, page: '/', language: 'en', privacy_version: config.json.privacy.version, ...(email ? { email } : {}),
    }, site)
    if (got.status >= 300) return got
    return { token: got.json.token, enquiry: got.json.enquiry.id, room: got.json.enquiry.room }
  }
}
