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

interface Coming {
  '/api/v1/enquiries/{id}/block': { post: Op<{ remark?: string; days?: number }, undefined, { id: string }> }
  '/api/v1/me/tokens': {
    get: Bare<{ items: Token[] | null; acts: TokenAct[] | null }>
    post: Op<{ name: string; scopes: string[]; networks: string[]; days: number }, { token: string; item: Token }>
  }
  '/api/v1/me/tokens/{id}': { delete: Bare<undefined, { id: string }> }
}

export type Paths = paths & Omit<Coming, keyof paths>
