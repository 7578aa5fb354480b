import type { AuditRecord } from '~/api'
import { moment } from '../format'
import { words as security } from '../security/words'
import { words } from './words'

export interface Change {
  name: string
  before?: string
  after?: string
}

/** The values of an entry, the old beside the new, by name: as the page calls them where they were set, and otherwise as the log has them. */
export function changes({ element, old, new: fresh }: Pick<AuditRecord, 'element' | 'old' | 'new'>): Change[] {
  const names = [...new Set([...Object.keys(old ?? {}), ...Object.keys(fresh ?? {})])].sort()
  return names.map((name) => {
    const field = fields(element)[name]
    const said = (value: string | undefined) => (value === undefined || !field?.said ? value : field.said(value))
    return { name: field?.name ?? name.replaceAll('_', ' '), before: said(old?.[name]), after: said(fresh?.[name]) }
  })
}

interface Field { name: string; said?: (value: string) => string }

function fields(element: string): Record<string, Field | undefined> {
  switch (element) {
    case 'Security setting': return settings
    case 'Staff IP list': return { ...line, mode: { name: staff.mode, said: (v) => staff.modes[v] ?? v } }
    case 'Visitor list': return { ...line, mode: { name: visitors.mode, said: (v) => visitors.modes[v] ?? v } }
    default: return {}
  }
}

const { password, lockout, factor, sessions, staffList: staff, visitorList: visitors } = security
const number = (said: (n: number) => string) => (value: string) => (/^\d+$/.test(value) ? said(Number(value)) : value)
const either = (yes: string, no: string) => (value: string) => (value === 'true' ? yes : value === 'false' ? no : value)

const settings: Record<string, Field | undefined> = {
  min_length: { name: password.length, said: number(password.characters) },
  history: { name: password.history, said: number(password.last) },
  max_age_days: { name: password.age, said: number(password.expires) },
  lockout_threshold: { name: lockout.title, said: number(lockout.after) },
  lockout_ends: { name: lockout.ends, said: (v) => lockout.endsBy[v] ?? v },
  lockout_minutes: { name: words.audit.lockoutTime, said: number(lockout.for) },
  required: { name: factor.rule, said: either(factor.required, factor.optional) },
  phishing_resistant: { name: factor.resistant, said: either(security.on, security.off) },
  trust_days: { name: factor.trust, said: number(factor.days) },
  message: { name: factor.message },
  idle_minutes: { name: sessions.idle, said: number(sessions.minutes) },
  life_hours: { name: sessions.life, said: number(sessions.hours) },
}

const line: Record<string, Field | undefined> = {
  list: { name: words.audit.list, said: (v) => visitors.tabs[v] ?? (v === 'staff' ? staff.title : v) },
  ends_at: { name: words.audit.endsAt, said: (v) => (Number.isNaN(Date.parse(v)) ? v : moment(v)) },
}

/** The first moment of a day as this person's clock has it: "2026-11-23" becomes a time in UTC. */
export function dayStart(day: string): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date).toISOString()
}

/** The first moment of the day after, since the server's "to" is exclusive. */
export function dayAfter(day: string): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date + 1).toISOString()
}
