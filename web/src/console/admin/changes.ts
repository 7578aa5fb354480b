import type { AuditRecord } from '~/api'

export interface Change {
  name: string
  before?: string
  after?: string
}

/** The values of an entry, the old beside the new, by name. */
export function changes({ old, new: fresh }: Pick<AuditRecord, 'old' | 'new'>): Change[] {
  const names = [...new Set([...Object.keys(old ?? {}), ...Object.keys(fresh ?? {})])].sort()
  return names.map((name) => ({ name: name.replaceAll('_', ' '), before: old?.[name], after: fresh?.[name] }))
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
