import type {
  AuditPage, Enquiries, Enquiry, Me, Member, Message, Messages, Role, Site, Sites, View, Workspace,
} from './types'

type Parameters<Q, P> = { query?: Q; header?: never; cookie?: never } & (P extends object ? { path: P } : { path?: never })
interface Responses<R> { 200: { headers: Record<string, unknown>; content: { 'application/json': R } } }
interface Op<Q, P, B, R> {
  parameters: Parameters<Q, P>
  requestBody: { content: { 'application/json': B } }
  responses: Responses<R>
}
interface Ask<Q, P, R> {
  parameters: Parameters<Q, P>
  requestBody?: never
  responses: Responses<R>
}
interface Paged { cursor?: string; limit?: number }
interface ById { id: string }
interface ByRoom { room: string }
type None = undefined

export interface AuditFilter {
  staff?: string
  action?: string
  element?: string
  from?: string
  to?: string
}

/** The operations that the console uses. */
export interface paths {
  '/api/v1/me': { get: Ask<never, None, Me>; patch: Op<never, None, { name: string }, Me> }
  '/api/v1/me/password': { post: Op<never, None, { current: string; password: string }, undefined> }
  '/api/v1/signout': { post: Ask<never, None, undefined> }
  '/api/v1/staff': {
    get: Ask<Paged, None, { items: Member[]; next?: string }>
    post: Op<never, None, { email: string; name?: string; role: string }, Member>
  }
  '/api/v1/staff/{id}': { patch: Op<never, ById, { role: string }, Member> }
  '/api/v1/staff/{id}/resend': { post: Ask<never, ById, undefined> }
  '/api/v1/staff/{id}/suspend': { post: Ask<never, ById, Member> }
  '/api/v1/staff/{id}/reactivate': { post: Ask<never, ById, Member> }
  '/api/v1/staff/{id}/invitation': { delete: Ask<never, ById, undefined> }
  '/api/v1/roles': { get: Ask<never, None, { items: Role[] }> }
  '/api/v1/workspace': { get: Ask<never, None, Workspace>; patch: Op<never, None, { company: string }, Workspace> }
  '/api/v1/sites': { get: Ask<never, None, Sites>; post: Op<never, None, { origin: string }, Site> }
  '/api/v1/sites/{id}': { delete: Ask<never, ById, undefined> }
  '/api/v1/enquiries': { get: Ask<Paged & { view: View }, None, Enquiries> }
  '/api/v1/enquiries/{id}': { get: Ask<never, ById, Enquiry> }
  '/api/v1/enquiries/{id}/pickup': { post: Ask<never, ById, Enquiry> }
  '/api/v1/enquiries/{id}/close': { post: Ask<never, ById, Enquiry> }
  '/api/v1/enquiries/{id}/reopen': { post: Ask<never, ById, Enquiry> }
  '/api/v1/rooms/{room}/messages': {
    get: Ask<{ after?: number; before?: number; limit?: number }, ByRoom, Messages>
    post: Op<never, ByRoom, { id: string; body: string }, Message>
  }
  '/api/v1/audit': { get: Ask<Paged & AuditFilter, None, AuditPage> }
}
