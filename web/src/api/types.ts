/** The shapes of the HTTP API, and its operations in the form that openapi-fetch reads. */

export type Level = 'Full' | 'Department' | 'Restricted' | 'None'

export interface Me {
  id: string
  account: string
  name: string
  email: string
  role: string
  level: Level
  acts: string[]
  workspace: { id: string; company: string; subdomain: string }
}

export type StaffState = 'invited' | 'active' | 'suspended' | 'deleted'

export interface Member {
  id: string
  name: string
  email: string
  role: string
  state: StaffState
  created_at: string
  invited_until?: string
  you: boolean
}

export interface Role { name: string; level: Level; acts: string[] }

export interface Workspace { id: string; company: string; subdomain: string; url: string }

export interface Site { id: string; origin: string; created_at: string }

export interface Sites { items: Site[]; snippet: string }

export type View = 'waiting' | 'mine' | 'closed' | 'all'

export type EnquiryState = 'Open' | 'Ongoing' | 'Closed'

export interface Enquiry {
  id: string
  room: string
  state: EnquiryState
  contact: { id: string; name: string; email?: string }
  question: string
  site: string
  page?: string
  language?: string
  staff?: { id: string; name: string }
  opened_at: string
  picked_at?: string
  closed_at?: string
  last?: { seq: number; at: string; by: 'visitor' | 'staff' | 'system'; event?: string; preview: string } | null
  head: number
  read: number
  visitor_read: number
  revision: number
}

export interface Enquiries {
  items: Enquiry[]
  next?: string
  counts: { waiting: number; mine: number }
}

export interface Person { kind: 'visitor' | 'staff' | 'system'; id?: string; name: string }

export interface Message {
  room: string
  seq: number
  id: string
  by: Person
  at: string
  body: string
  event?: string
}

export interface Messages { items: Message[]; head: number }

export interface AuditRecord {
  number: number | null
  id: string
  at: string
  actor: { kind: string; id?: string; name?: string }
  address?: string
  device?: string
  action: string
  element: string
  element_id?: string
  act: string
  old?: Record<string, string> | null
  new?: Record<string, string> | null
  remark?: string
  /** The values went with the person whom they were about. */
  erased?: boolean
  /** The row was changed from outside: its values do not open. */
  damaged?: boolean
}

export interface AuditPage { items: AuditRecord[]; next?: string; checkpoint?: string }

/** RFC 9457. */
export interface ProblemBody {
  type?: string
  title?: string
  status?: number
  detail?: string
  errors?: { name?: string; reason?: string }[] | null
  retry_after?: number
}
