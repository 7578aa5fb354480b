import type { Begun, Beginning, Config, Enquiry, Message, Page } from './wire'

/** An answer of the server that says no, or no answer at all (status 0). */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly detail = '',
    readonly fields: readonly { name: string; reason: string }[] = [],
    readonly retryAfter = 0,
  ) {
    super(`refused: ${status}`)
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

  post(room: string, id: string, body: string): Promise<Message> {
    return this.call('POST', `/rooms/${encodeURIComponent(room)}/messages`, { id, body })
  }

  read(room: string, seq: number): Promise<void> {
    return this.call('POST', `/rooms/${encodeURIComponent(room)}/read`, { seq })
  }

  private async call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const token = this.token()
    if (token) headers['Authorization'] = `Bearer ${token}`
    if (body !== undefined) headers['Content-Type'] = 'application/json'
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(), 15_000)
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
  const p = (await answer.json().catch(() => ({}))) as Record<string, unknown>
  const fields = Array.isArray(p['errors']) ? (p['errors'] as { name: string; reason: string }[]) : []
  const after = Number(p['retry_after'] ?? answer.headers.get('Retry-After') ?? 0)
  return new Refused(answer.status, typeof p['detail'] === 'string' ? p['detail'] : '', fields, Number.isFinite(after) ? after : 0)
}
