import type { Begun, Beginning, Config, Enquiry, Page, Place, Stand } from './wire'

/** An answer of the server that says no, or no answer at all (status 0). */
export class Refused extends Error {
  /** Of a refusal on the live line: the same may work in a while. */
  temporary = false

  constructor(
    readonly status: number,
    readonly detail = '',
    readonly fields: readonly { name: string; reason: string }[] = [],
    readonly retryAfter = 0,
  ) {
    super(`refused: ${status}`)
  }

  /** The workspace can't be read at the moment: its keys, its store or the server are away. */
  get away(): boolean {
    return this.status === 503
  }

  /** Whether sending the same again can't help. No answer, a rate limit and a fault of the server pass by themselves. */
  get final(): boolean {
    return this.status >= 400 && this.status < 500 && this.status !== 408 && this.status !== 429
  }
}

/** A pause in words. */
export function wait(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.ceil(seconds))} seconds`
  return `${Math.ceil(seconds / 60)} minutes`
}

export class Api {
  constructor(
    private readonly origin: string,
    private readonly token: () => string | undefined,
    private readonly ask: typeof fetch = (input, init) => fetch(input, init),
  ) {}

  config(): Promise<Config> {
    return this.call('GET', '/config')
  }

  /** `key` is a secret of this device: whoever knows it gets the same answer again, with the visitor's token in it. */
  begin(b: Beginning, key: string): Promise<Begun> {
    return this.call('POST', '/enquiries', b, { 'Idempotency-Key': key })
  }

  async enquiries(): Promise<Enquiry[]> {
    return (await this.call<{ items: Enquiry[] | null }>('GET', '/enquiries')).items ?? []
  }

  async messages(room: string, q: { after?: number; before?: number; limit?: number }): Promise<Page> {
    const query = new URLSearchParams()
    for (const [k, v] of Object.entries(q)) if (v !== undefined) query.set(k, String(v))
    const page = await this.call<Page>('GET', `/rooms/${encodeURIComponent(room)}/messages?${query}`)
    return { ...page, items: page.items ?? [] }
  }

  post(room: string, id: string, body: string, files: readonly string[]): Promise<Place> {
    return this.call('POST', `/rooms/${encodeURIComponent(room)}/messages`, { id, body, ...(files.length > 0 ? { files } : {}) })
  }

  /** Announces a file: what is too large is refused before a byte of it goes. The same `id` again is the same file. */
  announce(room: string, f: { id: string; name: string; size: number; type: string }): Promise<Stand> {
    return this.call('POST', `/rooms/${encodeURIComponent(room)}/files`, f)
  }

  stand(file: string): Promise<Stand> {
    return this.call('GET', `/files/${encodeURIComponent(file)}`)
  }

  /** Ends an upload. The server looks at the content meanwhile, for up to twenty seconds. */
  complete(file: string): Promise<Stand> {
    return this.call('POST', `/files/${encodeURIComponent(file)}/complete`, undefined, {}, 45_000)
  }

  drop(file: string): Promise<void> {
    return this.call('DELETE', `/files/${encodeURIComponent(file)}`)
  }

  /** Sends one part. It may take long on a thin line, but not stand still. */
  part(file: string, n: number, bytes: Blob, signal: AbortSignal, moved: (sent: number) => void): Promise<void> {
    return new Promise((done, failed) => {
      // fetch does not tell how far a body has got.
      const x = new XMLHttpRequest()
      let timer: ReturnType<typeof setTimeout>
      const alive = () => {
        clearTimeout(timer)
        timer = setTimeout(() => {
          x.abort()
        }, 30_000)
      }
      const stop = () => {
        x.abort()
      }
      x.open('PUT', `${this.origin}/widget/v1/files/${encodeURIComponent(file)}/parts/${n}`)
      x.setRequestHeader('Authorization', `Bearer ${this.token() ?? ''}`)
      x.setRequestHeader('Content-Type', 'application/octet-stream')
      x.upload.onprogress = (e) => {
        alive()
        moved(e.loaded)
      }
      x.onloadend = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', stop)
        if (x.status >= 200 && x.status < 300) done()
        else failed(refused(x.status, parsed(x.responseText), x.getResponseHeader('Retry-After')))
      }
      signal.addEventListener('abort', stop)
      alive()
      x.send(bytes)
    })
  }

  /** The bytes of a file: as it was sent, or a picture that the server made of it. */
  async bytes(file: string, what: 'content' | 'view' | 'thumb'): Promise<Blob> {
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(), 30_000) // until it begins to come
    try {
      const answer = await this.ask(`${this.origin}/widget/v1/files/${encodeURIComponent(file)}/${what}`, {
        headers: { Authorization: `Bearer ${this.token() ?? ''}` },
        credentials: 'omit',
        cache: 'no-store',
        redirect: 'error',
        signal: stop.signal,
      })
      clearTimeout(timer)
      if (!answer.ok) throw await refusal(answer)
      return await answer.blob()
    } catch (e) {
      throw e instanceof Refused ? e : new Refused(0)
    } finally {
      clearTimeout(timer)
    }
  }

  read(room: string, seq: number): Promise<void> {
    return this.call('POST', `/rooms/${encodeURIComponent(room)}/read`, { seq })
  }

  private async call<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
    patience = 15_000,
  ): Promise<T> {
    const token = this.token()
    if (token) headers['Authorization'] = `Bearer ${token}`
    if (body !== undefined) headers['Content-Type'] = 'application/json'
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(), patience)
    try {
      const answer = await this.ask(`${this.origin}/widget/v1${path}`, {
        method,
        headers,
        // No cookie of the workspace's host may ever ride along: the bearer token is all that a visitor is.
        credentials: 'omit',
        cache: 'no-store',
        redirect: 'error',
        signal: stop.signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      if (!answer.ok) throw await refusal(answer)
      if (answer.status === 204) return undefined as T
      return (await answer.json()) as T
    } catch (e) {
      if (e instanceof Refused) throw e
      throw new Refused(0)
    } finally {
      clearTimeout(timer)
    }
  }
}

async function refusal(answer: Response): Promise<Refused> {
  return refused(answer.status, await answer.json().catch(() => undefined), answer.headers.get('Retry-After'))
}

function refused(status: number, problem: unknown, later: string | null): Refused {
  const p = (problem ?? {}) as Record<string, unknown>
  const fields = Array.isArray(p['errors']) ? (p['errors'] as { name: string; reason: string }[]) : []
  const after = Number(p['retry_after'] ?? later ?? 0)
  return new Refused(status, typeof p['detail'] === 'string' ? p['detail'] : '', fields, Number.isFinite(after) ? after : 0)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
