import { Problem, problemOf } from '~/api/problem'

// The calls of the doors. They have their own small client: the console's one reacts to 401 by going to the sign-in
// page, and here we are.

export interface Policy {
  version: string
  title: string
  text_md: string
}

export interface Policies {
  security: Policy
  privacy: Policy
}

/** Whose host this is. At the bare domain, which is nobody's, the company is empty. */
export interface Door {
  company: string
  subdomain: string
  domain: string
  signed_in: boolean
  owed?: 'agreement' | null
}

export interface SignedIn {
  state: 'signed_in' | 'owed'
  owed?: 'agreement'
}

export interface Opened {
  company: string
  email: string
  known: boolean
  subdomain?: string
}

async function call<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
  let answer: Response
  try {
    answer = await fetch(`/api/v1${path}`, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch {
    throw Problem.unreachable()
  }
  const said: unknown = answer.status === 204 ? undefined : await answer.json().catch(() => ({}))
  if (!answer.ok) throw problemOf(answer.status, after(answer, said))
  return said as T
}

/** A rate limit may say when to come back in the header only (RFC 9110 §10.2.3). */
function after(answer: Response, said: unknown): unknown {
  const seconds = Number(answer.headers.get('Retry-After') ?? Number.NaN)
  if (!Number.isFinite(seconds) || typeof said !== 'object' || said === null || 'retry_after' in said) return said
  return { ...said, retry_after: seconds }
}

export const ask = {
  policies: () => call<Policies>('GET', '/policies'),
  door: () => call<Door>('GET', '/door'),
  signup: (b: { company: string; subdomain: string; email: string; security_version: string; privacy_version: string }) => call<unknown>('POST', '/signups', b),
  openSignup: (token: string) => call<Opened>('POST', '/signups/open', { token }),
  complete: (b: { token: string; name: string; password: string }) => call<{ workspace_url: string }>('POST', '/signups/complete', b),
  signin: (b: { email: string; password: string; invitation?: string }) => call<SignedIn>('POST', '/signin', b),
  agree: (b: { security_version: string; privacy_version: string }) => call<SignedIn>('POST', '/signin/agreement', b),
  forgot: (email: string) => call<unknown>('POST', '/password/forgot', { email }),
  openReset: (token: string) => call<unknown>('POST', '/password/open', { token }),
  reset: (b: { token: string; password: string }) => call<unknown>('POST', '/password/reset', b),
  openInvitation: (token: string) => call<Opened>('POST', '/invitations/open', { token }),
  accept: (b: { token: string; name: string; password: string }) => call<SignedIn>('POST', '/invitations/accept', b),
}
