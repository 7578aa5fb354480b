import type { Ceremony, Door, Enrolled, SigninState, TotpBegun } from '~/api'
import { Problem, problemOf } from '~/api/problem'
import type { PasskeyJSON } from '~/proof/webauthn'

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

export type { Door, Enrolled, SigninState }

/** How the second factor is shown. */
export type Shown = { code: string } | { recovery_code: string } | { ceremony: string; credential: PasskeyJSON }

export interface Opened {
  company: string
  email: string
  known: boolean
  subdomain?: string
  min_length?: number
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
  signin: (b: { email: string; password: string; invitation?: string }) => call<SigninState>('POST', '/signin', b),
  signinPasskeyBegin: () => call<Ceremony>('POST', '/signin/passkey/begin', {}),
  signinPasskey: (b: { ceremony: string; credential: PasskeyJSON; invitation?: string }) => call<SigninState>('POST', '/signin/passkey', b),
  factorBegin: () => call<Ceremony>('POST', '/signin/factor/begin', {}),
  factor: (b: Shown & { trust?: boolean }) => call<SigninState>('POST', '/signin/factor', b),
  enrol: {
    mailCode: () => call<unknown>('POST', '/signin/enrol/mail-code', {}),
    totp: () => call<TotpBegun>('POST', '/signin/enrol/totp', {}),
    confirmTotp: (b: { ceremony: string; code: string; name: string; mail_code?: string }) => call<Enrolled>('POST', '/signin/enrol/totp/confirm', b),
    passkey: () => call<Ceremony>('POST', '/signin/enrol/passkey', {}),
    confirmPasskey: (b: { ceremony: string; credential: PasskeyJSON; name: string; mail_code?: string }) => call<Enrolled>('POST', '/signin/enrol/passkey/confirm', b),
  },
  newPassword: (password: string) => call<SigninState>('POST', '/signin/password', { password }),
  agree: (b: { security_version: string; privacy_version: string }) => call<SigninState>('POST', '/signin/agreement', b),
  signout: () => call<unknown>('POST', '/signout', {}),
  forgot: (email: string) => call<unknown>('POST', '/password/forgot', { email }),
  openReset: (token: string) => call<{ min_length: number }>('POST', '/password/open', { token }),
  reset: (b: { token: string; password: string }) => call<unknown>('POST', '/password/reset', b),
  openInvitation: (token: string) => call<Opened>('POST', '/invitations/open', { token }),
  accept: (b: { token: string; name: string; password: string }) => call<SigninState>('POST', '/invitations/accept', b),
}
