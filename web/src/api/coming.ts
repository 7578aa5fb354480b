import type { paths } from './schema'

// Operations of the HTTP API that schema.d.ts does not know yet. Each goes as soon as it is generated: what stands in
// both is taken from there.

type Parameters<Path> = { query?: never; header?: never; cookie?: never } & ([Path] extends [never] ? { path?: never } : { path: Path })
interface Op<Body, Answer, Path = never> {
  parameters: Parameters<Path>
  requestBody: { content: { 'application/json': Body } }
  responses: { 200: { headers: Record<string, unknown>; content: { 'application/json': Answer } } }
}
interface Bare<Answer, Path = never> {
  parameters: Parameters<Path>
  requestBody?: never
  responses: { 200: { headers: Record<string, unknown>; content: { 'application/json': Answer } } }
}

export type Kind = 'totp' | 'passkey'

export interface Factor {
  id: string
  kind: Kind
  name: string
  created_at: string
  used_at?: string | null
  here_only: boolean
  phishing_resistant: boolean
}
export interface Factors {
  items: Factor[] | null
  recovery_left: number
  recovery_made_at?: string | null
  required: boolean
  phishing_resistant: boolean
  mail_code: boolean
}
export interface Ceremony {
  ceremony: string
  options: unknown
}
export interface TotpBegun {
  ceremony: string
  secret: string
  uri: string
}
export interface Enrolled {
  item: Factor
  recovery_codes?: string[] | null
}
export interface SessionItem {
  id: string
  current: boolean
  here: boolean
  workspace: string
  device: string
  address: string
  created_at: string
  seen_at: string
  factor: string
  trusted_until?: string | null
}
export interface Token {
  id: string
  name: string
  scopes: string[] | null
  networks: string[] | null
  created_at: string
  expires_at: string
  used_at?: string | null
  used_from?: string | null
}
export interface TokenAct {
  name: string
  feature: string
  verb: string
}
export interface PasswordRules {
  min_length: number
  history: number
  max_age_days: number
}

interface Coming {
  '/api/v1/me/step-up/begin': { post: Bare<Ceremony> }
  '/api/v1/me/step-up': { post: Op<{ password?: string; code?: string; ceremony?: string; credential?: unknown }, undefined> }
  '/api/v1/me/factors': { get: Bare<Factors> }
  '/api/v1/me/factors/mail-code': { post: Bare<{ sent: boolean }> }
  '/api/v1/me/factors/totp': { post: Bare<TotpBegun> }
  '/api/v1/me/factors/totp/confirm': { post: Op<{ ceremony: string; code: string; name: string; mail_code?: string }, Enrolled> }
  '/api/v1/me/factors/passkey': { post: Bare<Ceremony> }
  '/api/v1/me/factors/passkey/confirm': { post: Op<{ ceremony: string; credential: unknown; name: string; mail_code?: string }, Enrolled> }
  '/api/v1/me/factors/{id}': { patch: Op<{ name: string }, Factor, { id: string }>; delete: Bare<undefined, { id: string }> }
  '/api/v1/me/recovery-codes': { post: Bare<{ codes: string[] | null }> }
  '/api/v1/me/sessions': { get: Bare<{ items: SessionItem[] | null }> }
  '/api/v1/me/sessions/{id}': { delete: Bare<undefined, { id: string }> }
  '/api/v1/me/sessions/end-others': { post: Bare<undefined> }
  '/api/v1/me/tokens': {
    get: Bare<{ items: Token[] | null; acts: TokenAct[] | null }>
    post: Op<{ name: string; scopes: string[]; networks: string[]; days: number }, { token: string; item: Token }>
  }
  '/api/v1/me/tokens/{id}': { delete: Bare<undefined, { id: string }> }
  '/api/v1/me/password/rules': { get: Bare<PasswordRules> }
}

export type Paths = paths & Omit<Coming, keyof paths>

/** What GET me gains. */
export interface MeMore {
  password_changed_at?: string
  password_expires_at?: string | null
  proved_until?: string
  factor?: string
  needs_factor_message?: string | null
  language?: string
  languages?: string[] | null
  notify_new_device?: boolean
}
